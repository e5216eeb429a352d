"""Sources and configurations that mean something on another machine."""

from __future__ import annotations

import os
import shlex
from pathlib import Path

import pytest

from lvmctl.core.paths import portable, typed


@pytest.mark.skipif(os.name == "nt", reason="paths of POSIX")
@pytest.mark.parametrize(
    ("text", "without"),
    [
        ("/home/me/books", "books"),
        ("/home/me/books@val", "books@val"),
        ("/home/me/books/levels/sentence@val", "books/levels/sentence@val"),
        ("/home/me/my experiments.toml [p7]", "my experiments.toml [p7]"),
        (
            "synth:reversed?store=/home/me/books@val&seed=1",
            "synth:reversed?store=books%40val&seed=1",
        ),
        ("synth:ar1?dim=8", "synth:ar1?dim=8"),
        ("books", "books"),
        ("/", "/"),
        ("", ""),
    ],
)
def test_folders_are_left_out(text, without):
    assert portable(text) == without
    nested = portable({"data": [text, None, 3], "more": {"path": text}})
    assert nested == {"data": [without, None, 3], "more": {"path": without}}


@pytest.mark.parametrize("path", ["runs/a", "runs/ü b", "runs/it's"])
def test_a_path_is_typed_so_that_a_shell_reads_it_back(path):
    assert shlex.split(f"lvmctl train --resume {typed(Path(path))}")[-1] == path
