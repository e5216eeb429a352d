"""PDFs that are written here → their paragraphs; those that cannot be read say why."""

from __future__ import annotations

import sys

import pytest

import lvmctl
from lvmctl.core.errors import DataError
from lvmctl.data.text.pdf import pdf_text

pypdf = pytest.importorskip("pypdf", reason="pip install 'lvmctl[documents]'")

PAGE = [
    (50, 560, "The Book of Rivers"),
    (60, 520, "A river that runs through three towns is wi-"),
    (50, 508, "der than the well-known brook behind the mill,"),
    (50, 496, "and slower."),
    (60, 484, "It was measured twice by the long-"),
    (50, 472, "lived keeper, whose notes are well-"),
    (50, 460, "known too; nobody doubts them at"),
]


def write_pdf(path, pages, title=None):
    """A PDF with ``(x, y, text)`` lines on each page, of 10 points or of a fourth number."""
    font = "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica /Encoding /WinAnsiEncoding >>"
    objects, kids = ["<< /Type /Catalog /Pages 2 0 R >>", "", font], []
    for lines in pages:
        marks = "".join(
            f"BT /F1 {size[0] if size else 10} Tf 1 0 0 1 {x} {y} Tm ({t}) Tj ET\n"
            for x, y, t, *size in lines
        )
        objects.append(f"<< /Length {len(marks)} >>\nstream\n{marks}endstream")
        use = f"/Contents {len(objects)} 0 R /Resources << /Font << /F1 3 0 R >> >>"
        objects.append(f"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 400 600] {use} >>")
        kids.append(f"{len(objects)} 0 R")
    objects[1] = f"<< /Type /Pages /Kids [{' '.join(kids)}] /Count {len(kids)} >>"
    objects.append(f"<< /Title ({title or ''}) >>")
    text, places = "%PDF-1.4\n", []
    for number, content in enumerate(objects, 1):
        places.append(len(text))
        text += f"{number} 0 obj\n{content}\nendobj\n"
    table = "".join(f"{place:010d} 00000 n \n" for place in places)
    head = f"/Size {len(objects) + 1} /Root 1 0 R /Info {len(objects)} 0 R"
    end = f"trailer << {head} >>\nstartxref\n{len(text)}\n%%EOF\n"
    text += f"xref\n0 {len(objects) + 1}\n0000000000 65535 f \n{table}{end}"
    path.write_bytes(text.encode("cp1252"))
    return path


def read(path):
    text, title = pdf_text(path)
    return text.split("\n\n"), title


def test_lines_become_paragraphs(tmp_path):
    """Indents, gaps, broken words, a paragraph over two pages, heads and numbers."""
    second = [
        (50, 560, "The Book of Rivers"),
        (50, 520, "all. The gauge is a plain board with notches."),
        (50, 490, "Floods come in March and leave the fields"),
        (50, 478, "brown."),
        (50, 466, "Then it rains."),
        (200, 20, "2"),
    ]
    third = [(50, 560, "The Book of Rivers"), (50, 520, "A last page"), (200, 20, "Page 3 of 3")]
    pages = [[*PAGE, (200, 20, "1")], second, third]
    paragraphs, title = read(write_pdf(tmp_path / "f.pdf", pages, "Rivers"))
    assert title == "Rivers"
    assert paragraphs == [
        "A river that runs through three towns is wider than the well-known brook behind the mill, "
        "and slower.",
        "It was measured twice by the longlived keeper, whose notes are well-known too; nobody "
        "doubts them at all. The gauge is a plain board with notches.",
        "Floods come in March and leave the fields brown.",
        "Then it rains.",
        "A last page",
    ]


def test_heads_of_chapters_and_their_page_numbers_are_left_out(tmp_path):
    words = ["mill", "weir", "ford", "ferry", "quay", "lock", "bridge", "dam"]
    pages = [
        [
            (50, 560, f"{40 + i} {'Springs' if i < 4 else 'Mouths'}"),
            *((50, 520 - 12 * row, f"line {row} of the {word}") for row in range(6)),
        ]
        for i, word in enumerate(words)
    ]
    paragraphs, title = read(write_pdf(tmp_path / "f.pdf", pages))
    assert title is None
    joined = " ".join(paragraphs)
    assert "Springs" not in joined
    assert "Mouths" not in joined
    assert all(f"line 0 of the {word}" in joined for word in words)
    assert all(f"line 5 of the {word}" in joined for word in words)


def test_a_page_number_is_left_out_where_the_rest_of_the_line_differs(tmp_path):
    heads = ["Of springs", "Of brooks", "Of fords", "Of mouths"]
    pages = [
        [(50, 560, f"{head} {12 + i}"), *((50, 520 - 12 * row, f"{head} row") for row in range(5))]
        for i, head in enumerate(heads)
    ]
    paragraphs, _ = read(write_pdf(tmp_path / "f.pdf", pages))
    assert not any(str(12 + i) in " ".join(paragraphs) for i in range(4))


def test_indents_sizes_and_a_lone_number(tmp_path):
    page = [
        (50, 556, "Rivers of the North", 16),
        (50, 542, "The first paragraph ends with a line that is full."),
        (60, 530, "The second begins further to the right, and goes"),
        (50, 518, "on."),
        (200, 20, "- 42 -"),
    ]
    assert read(write_pdf(tmp_path / "f.pdf", [page]))[0] == [
        "Rivers of the North",
        "The first paragraph ends with a line that is full.",
        "The second begins further to the right, and goes on.",
    ]


def test_what_repeats_on_two_pages_only_is_text(tmp_path):
    pages = [[(50, 560, "Again and again"), (50, 500, f"{word} text")] for word in ("one", "two")]
    paragraphs, _ = read(write_pdf(tmp_path / "f.pdf", pages))
    assert " ".join(paragraphs).count("Again and again") == 2


def encrypted(path):
    writer = pypdf.PdfWriter(clone_from=write_pdf(path, [PAGE]))
    writer.encrypt("secret", algorithm="RC4-128")
    writer.write(path)


def scanned(path):
    write_pdf(path, [[], []])


def damaged(path):
    path.write_bytes(write_pdf(path, [PAGE]).read_bytes()[:300])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (encrypted, "f.pdf: is encrypted; save it without a password"),
        (scanned, "f.pdf: has no text on its 2 pages: it is a scan; recognise its text first"),
        (damaged, r"f.pdf: is damaged, or no PDF \(.*\); copy or save it again"),
        (lambda path: path.write_bytes(b""), "f.pdf: is damaged, or no PDF"),
    ],
)
def test_what_cannot_be_read_says_why(make, message, tmp_path):
    make(tmp_path / "f.pdf")
    with pytest.raises(DataError, match=message) as refused:
        lvmctl.embed(tmp_path / "f.pdf", out=tmp_path / "s")
    assert "\n" not in str(refused.value)


def test_a_pdf_that_only_forbids_printing_is_read(tmp_path):
    writer = pypdf.PdfWriter(clone_from=write_pdf(tmp_path / "f.pdf", [PAGE]))
    writer.encrypt("", "owner", algorithm="RC4-128")
    writer.write(tmp_path / "f.pdf")
    assert len(read(tmp_path / "f.pdf")[0]) == 3  # with the head, which nothing repeats


def test_the_package_that_reads_it_is_named(monkeypatch, tmp_path):
    monkeypatch.setitem(sys.modules, "pypdf", None)
    folder = tmp_path / "texts"
    folder.mkdir()
    for name in "ab":
        write_pdf(folder / f"{name}.pdf", [PAGE])
    with pytest.raises(DataError, match=r"2 texts cannot be used.*; pip install 'lvmctl\[doc") as e:
        lvmctl.embed(folder, out=tmp_path / "s")
    assert "a.pdf is a PDF, which pypdf reads, and that is not installed" in str(e.value)


def test_pdfs_are_embedded(tmp_path):
    write_pdf(tmp_path / "f.pdf", [PAGE])
    store = lvmctl.embed(tmp_path / "f.pdf", out=tmp_path / "s", min_texts=1, max_share=1.0)
    assert store.articles[0]["title"] == "f.pdf"
    assert store.texts[0] == "The Book of Rivers"
