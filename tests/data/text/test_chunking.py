"""Files → articles → chunks."""

from __future__ import annotations

import json
import os
import sys

import pytest

from lvmctl.core.errors import DataError
from lvmctl.data.text.chunking import Text, chunker
from lvmctl.data.text.corpus import cut, spool
from lvmctl.data.text.reading import Faults
from lvmctl.data.text.reading import read_texts as read


def read_texts(paths):
    """The articles, with faults settled at the end."""
    faults = Faults()
    yield from read(paths, faults)
    faults.settle()


def test_folders_are_read_by_name_files_as_given(tmp_path):
    (tmp_path / "sub").mkdir()
    for name in ("b.md", "a.txt", "sub/c.TXT", "ignored.doc", ".hidden.txt"):
        (tmp_path / name).write_text(f"text of {name}")
    assert [t.entry["title"] for t in read_texts([tmp_path])] == ["a.txt", "b.md", "sub/c.TXT"]
    paths = [tmp_path / "b.md", tmp_path / "a.txt"]
    assert [text.text for text in read_texts(paths)] == ["text of b.md", "text of a.txt"]


def test_jsonl_records_keep_their_fields(tmp_path):
    records = [
        {"text": "one", "title": "First", "id": "x", "split": "val", "year": 1900},
        {"text": "two"},
    ]
    lines = "\n\n".join(json.dumps(record) for record in records)
    (tmp_path / "f.jsonl").write_text(lines + "\n")
    first, second = read_texts([tmp_path / "f.jsonl"])
    entry = {key: value for key, value in records[0].items() if key != "text"}
    assert first == Text("one", entry, f"{tmp_path / 'f.jsonl'}:1")
    assert second.entry == {"title": "f.jsonl:3"}


@pytest.mark.parametrize(
    ("name", "data", "message"),
    [
        ("f.jsonl", b'{"text": "a"}\n{"text": \n', r"f.jsonl:2: is not JSON"),
        ("f.jsonl", b'["text"]\n', r'f.jsonl:1: has no string "text"'),
        ("f.jsonl", b'{"text": 5}\n', r'f.jsonl:1: has no string "text"'),
        ("f.jsonl", b'{"text": "a", "split": "tset"}\n', r"in split 'tset' \(splits are train"),
        (
            "f.jsonl",
            b'{"text": "a"}\n{"text": "b", "first": "x"}\n',
            r"f.jsonl:2: has 'x' as first",
        ),
        ("f.jsonl", b'{"text": "a", "first": -1}\n', r"f.jsonl:1: has -1 as first"),
        ("f.jsonl", b'{"text": "a", "id": [1]}\n', r"f.jsonl:1: has \[1\] as id"),
        ("f.jsonl", b'{"text": "a", "n": ' + b"9" * 5000 + b"}\n", r"f.jsonl:1: is not JSON"),
        ("f.jsonl", b"[" * 200_000 + b"\n", r"f.jsonl:1: is JSON of endless brackets"),
        ("f.jsonl", b'{"text": "ab\\ud800"}\n', r"f.jsonl:1: holds \\ud800, half of a character"),
        ("f.jsonl", b'{"text": "a", "t": ["\\udfff"]}\n', r"f.jsonl:1: holds \\udfff"),
        ("f.jsonl", b'\n{"text": "\xff"}\n', r"f.jsonl:2: is not UTF-8 \(byte 10: 0xff\)"),
        ("f.txt", b"ab\x81", r"f.txt: is no text in UTF-8 \(byte 2: 0x81\); convert it"),
        ("f.txt", b"ab\xe9\0", r"f.txt: is binary, not text \(byte 3: 0x00\)"),
        ("f.doc", b"", r"f.doc: is not one of .txt, .md, .html"),
        ("f.epub", b"PK", r"f.epub: is no EPUB that can be read"),
    ],
)
def test_bad_texts(tmp_path, name, data, message):
    (tmp_path / name).write_bytes(data)
    with pytest.raises(DataError, match=message):
        list(read_texts([tmp_path / name]))


@pytest.mark.skipif(sys.platform != "linux", reason="needs names that are any bytes")
def test_a_file_name_that_is_no_text(tmp_path):
    (tmp_path / os.fsdecode(b"caf\xe9.txt")).write_text("hello")
    assert next(read_texts([tmp_path])).entry["title"] == "caf\ufffd.txt"


def test_nothing_to_read(tmp_path):
    with pytest.raises(DataError, match="no such file or folder"):
        list(read_texts([tmp_path / "x"]))
    with pytest.raises(DataError, match=r"holds no .txt"):
        list(read_texts([tmp_path]))


def test_paragraphs():
    text = "One\nline.\r\n\r\n  Two \t three.\n \n\n\nFour."
    assert chunker("paragraph")(text) == ["One line.", "Two three.", "Four."]


def test_sentences():
    text = 'Is it? "Yes." He left!\n\nThe end… Not 3.5 of e.g. two\nlines.'
    parts = chunker("sentence")(text)
    assert parts[:2] == ["Is it?", '"Yes."']
    assert parts[-1].endswith("lines.")
    assert not any("\n" in part for part in parts)


def test_cut_keeps_the_order_and_refuses_empty_articles(tmp_path):
    texts = [Text("a b\n\nc\n\nd e", {"id": 1}, "f.txt")]
    assert next(cut(texts, chunker("paragraph"))).chunks == ["a b", "c", "d e"]
    assert next(cut(texts, chunker("paragraph"), min_words=2)).chunks == ["a b", "d e"]
    with pytest.raises(DataError, match=r"f.txt: has no chunk of 3 words"):
        list(cut(texts, chunker("paragraph"), min_words=3))
    with pytest.raises(DataError, match=r"g.txt: has no text"):
        list(cut([Text(" \n", {}, "g.txt")], chunker("paragraph")))
    with pytest.raises(DataError, match="no text to embed"):
        spool(cut([], chunker("paragraph")), tmp_path / "chunks.jsonl")
