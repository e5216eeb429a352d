"""Files of every kind → text, encodings, and all faults at once."""

from __future__ import annotations

import zipfile

import pytest

import lvmctl
from lvmctl.core.errors import DataError
from lvmctl.data.text.chunking import chunker
from lvmctl.data.text.reading import Faults, read_texts

OPTIONS = {"min_texts": 1, "max_share": 1.0, "dim": 2}


def taken(path):
    """Titles, chunks and notices."""
    faults = Faults()
    found = list(read_texts([path], faults))
    faults.settle()
    cut = chunker("paragraph")
    return [t.entry["title"] for t in found], [cut(t.text) for t in found], faults.notices


@pytest.mark.parametrize(
    ("data", "text", "guessed"),
    [
        ("é".encode(), "é", False),
        ("é".encode("utf-8-sig"), "é", False),
        ("é".encode("utf-16"), "é", False),
        ("“é”".encode("cp1252"), "“é”", True),
    ],
)
def test_encodings(data, text, guessed, tmp_path):
    (tmp_path / "f.txt").write_bytes(data)
    _, chunks, notices = taken(tmp_path / "f.txt")
    assert chunks == [[text]]
    assert any("CP1252" in line for line in notices) == guessed


def test_html_is_read_by_blocks(tmp_path):
    text = """<html><head><title>A &amp; B</title><style>p {}</style></head><body><nav>menu</nav>
    <h1>Head</h1><p>one <b>bold</b>

    line<br>two</p><script>let x = "<p>";</script><ul><li>three<li>four</ul></body>"""
    (tmp_path / "f.html").write_text(text)
    titles, chunks, _ = taken(tmp_path / "f.html")
    assert titles == ["A & B"]
    assert chunks == [["one bold line two", "three", "four"]]


def test_a_book_is_read_in_its_order(tmp_path):
    package = """<package><metadata><dc:title>The &amp; Book</dc:title></metadata><manifest>
    <item id="b" href="text/b%20b.xhtml"/><item href="a.xhtml" id="a"/></manifest>
    <spine><itemref idref="b"/><itemref idref="a"/></spine></package>"""
    with zipfile.ZipFile(tmp_path / "f.epub", "w") as book:
        book.writestr("META-INF/container.xml", '<rootfile full-path="OPS/book.opf"/>')
        book.writestr("OPS/book.opf", package)
        book.writestr("OPS/text/b b.xhtml", "<h1>One</h1><p>first</p>")
        book.writestr("OPS/a.xhtml", "<p>second</p>")
    titles, chunks, _ = taken(tmp_path / "f.epub")
    assert (titles, chunks) == (["The & Book"], [["first", "second"]])


@pytest.fixture
def folder(tmp_path):
    """Two good texts, three bad ones, and files of other kinds."""
    path = tmp_path / "texts"
    path.mkdir()
    for name in "ab":
        (path / f"{name}.txt").write_text("the cat sat\n\nthe dog ran\n\nthe cat ran")
    (path / "c.txt").write_bytes(b"a\0\xff")
    (path / "d.txt").write_text(" ")
    (path / "e.jsonl").write_text('{"text": 1}\n{"text": "the dog sat"}\n')
    for name in ("x.png", "y.png", "z.csv"):
        (path / name).write_text("")
    return path


def test_all_faults_are_named_at_once(folder, tmp_path):
    with pytest.raises(DataError, match="3 texts cannot be used") as refused:
        lvmctl.embed(folder, out=tmp_path / "s", **OPTIONS)
    assert all(name in str(refused.value) for name in ("c.txt", "d.txt", "e.jsonl:1", "--skip-bad"))


def test_bad_texts_are_skipped_and_other_files_counted(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (folder / "linked").symlink_to(tmp_path / "elsewhere")
    store = lvmctl.embed(folder, out=tmp_path / "s", skip_bad=True, **OPTIONS)
    assert store.lengths.tolist() == [3, 3, 1]
    said = " ".join(store.notices)
    assert "not read: 2 .png, 1 .csv, 1 link to a folder" in said
    assert "left out 3 texts" in said


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\0\0", "a PNG image"),
        (b"%PDF-1.4\n%\xe2\xe3\xcf\xd3", "a PDF; name it .pdf"),
        (b"PK\x03\x04\x14\0", "a ZIP archive or an office file"),
        (b"\x1f\x8b\x08\xff", "compressed by gzip"),
        (b"text\0\xff", "byte 4: 0x00"),
        ("text".encode("utf-16-le"), "byte 1: 0x00"),
    ],
)
def test_a_binary_file_is_called_so(data, kind, tmp_path):
    (tmp_path / "f.txt").write_bytes(data)
    with pytest.raises(DataError) as refused:
        taken(tmp_path / "f.txt")
    assert f"f.txt: is binary, not text ({kind}); leave it out" in str(refused.value)
