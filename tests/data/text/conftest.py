"""Texts to embed."""

from __future__ import annotations

from pathlib import Path

import pytest
from data.text.lengths import ENCODER

from lvmctl.data.text.unfinished import BLOCK


@pytest.fixture
def texts(tmp_path) -> Path:
    """Seven blocks of chunks in articles that no block ends with."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for number in range(10):
        chunks = (f"{'word ' * ((number * 7 + row) % 23)}end" for row in range(BLOCK * 7 // 10))
        (folder / f"{number}.txt").write_text("\n\n".join(chunks))
    (tmp_path / "lengths.py").write_text(ENCODER)
    return folder
