"""Texts by row are those of reading all of them, and damage is named with its line."""

from __future__ import annotations

import json

import pytest

from lvmctl.core.errors import DataError
from lvmctl.data.store import text_lines
from lvmctl.data.store.text_lines import TextLines

TEXTS = ["one", "", "drei\nvier", "Größe 東京", "x" * 50, "last"]


@pytest.fixture(params=["\n", ""], ids=["ended", "open"])
def path(request, tmp_path, monkeypatch):
    """A file of texts, whose last line ends or does not; it is looked through in small blocks."""
    monkeypatch.setattr(text_lines, "BLOCK_BYTES", 7)
    lines = "\n".join(json.dumps(text, ensure_ascii=False) for text in TEXTS)
    (tmp_path / "chunks.jsonl").write_text(lines + request.param, encoding="utf-8")
    return tmp_path / "chunks.jsonl"


def test_any_rows_in_any_order(path):
    lines = TextLines(path)
    assert list(lines) == lines[:] == TEXTS
    assert list(lines.take([5, 2, 2, 0])) == [TEXTS[row] for row in (5, 2, 2, 0)]
    assert list(lines.take([])) == []
    assert (lines[-1], lines[1:3]) == (TEXTS[-1], TEXTS[1:3])


def test_a_row_that_is_not_there(path):
    with pytest.raises(DataError, match="has 6 lines, none for chunk 6"):
        TextLines(path).take([0, 6])


@pytest.mark.parametrize(
    ("line", "what"),
    [(b"{", "is not JSON"), (b"3", "is not a string"), (b'"\xff"', "is not UTF-8")],
)
def test_a_line_that_is_no_text(tmp_path, line, what):
    (tmp_path / "c.jsonl").write_bytes(b'"a"\n' + line + b'\n"b"\n')
    lines = TextLines(tmp_path / "c.jsonl")
    assert list(lines.take([0, 2])) == ["a", "b"]
    with pytest.raises(DataError, match=rf"c.jsonl:2: .*{what}"):
        lines[1]
