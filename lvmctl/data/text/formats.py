"""Bytes, HTML and EPUB → plain text with blank lines between paragraphs, and a title if any."""

from __future__ import annotations

import codecs
import re
import zipfile
import zlib
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from urllib.parse import unquote

from lvmctl.core.errors import DataError, refuse

_BLOCKS = {
    *("address", "article", "aside", "blockquote", "dd", "div", "dl", "dt", "figcaption"),
    *("figure", "footer", "header", "hr", "li", "main", "ol", "p", "pre", "section", "table"),
    *("td", "th", "tr", "ul", "body"),
}
_HEADS = {"h1", "h2", "h3", "h4", "h5", "h6", "title"}
_SKIPPED = {"script", "style", "nav", "template", "svg"}
_MARKS = {
    codecs.BOM_UTF8: "utf-8-sig",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
_BINARY = {
    b"\x89PNG": "a PNG image",
    b"\xff\xd8\xff": "a JPEG image",
    b"GIF8": "a GIF image",
    b"%PDF-": "a PDF; name it .pdf",
    b"PK\x03\x04": "a ZIP archive or an office file",
    b"\xd0\xcf\x11\xe0": "an old office file",
    b"\x1f\x8b": "compressed by gzip",
    b"BZh": "compressed by bzip2",
    b"\xfd7zXZ": "compressed by xz",
    b"\x28\xb5\x2f\xfd": "compressed by Zstandard",
    b"7z\xbc\xaf": "a 7-Zip archive",
    b"\x93NUMPY": "a NumPy array",
    b"PAR1": "Parquet",
    b"SQLite format 3": "an SQLite database",
    b"\x7fELF": "a program",
    b"MZ\x90": "a program",
    b"RIFF": "sound or video",
    b"ID3": "sound",
}
"""What files are that begin so and are not text."""
_MAX_PART = 1 << 26
"""Bytes of a chapter of a book; more is no text."""


def decode(data: bytes, where: object) -> tuple[str, str]:
    """Text of bytes and its encoding: what a byte-order mark says, UTF-8, else CP1252."""
    named = [encoding for mark, encoding in _MARKS.items() if data.startswith(mark)]
    encoding = named[0] if named else "utf-8"
    zero = -1 if encoding == "utf-16" else data.find(b"\0")
    if zero >= 0:
        raise _no_text(data, zero, where)
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError as error:
        at = error.start
    if _kind(data):
        raise _no_text(data, at, where)
    hint = "convert it, for example with iconv -t utf-8"
    what = f"is no text in {encoding.upper()} (byte {at}: 0x{data[at]:02x})"
    refuse(encoding != "utf-8", what, where, hint)
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError as error:
        raise DataError(what, where=where, hint=hint) from error


def _kind(data: bytes) -> str | None:
    """What a file that is no text is, by its first bytes; None where they do not tell."""
    return next((kind for begin, kind in _BINARY.items() if data.startswith(begin)), None)


def _no_text(data: bytes, at: int, where: object) -> DataError:
    """The error of a binary file; ``at`` is a byte that no text has."""
    what = f"is binary, not text ({_kind(data) or f'byte {at}: 0x{data[at]:02x}'})"
    hint = "leave it out; convert UTF-16 without a mark with iconv -t utf-8"
    return DataError(what, where=where, hint=hint)


def html_text(text: str) -> tuple[str, str | None]:
    """The text of HTML, a paragraph for each block, without headings and scripts; its title, else
    its first heading."""
    parser = _Html()
    parser.feed(text)
    parser.close()
    return "".join(parser.parts), parser.title


class _Html(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.title: str | None = None
        self._head: list[str] | None = None
        self._skipped = 0

    def handle_starttag(self, tag: str, attrs: object) -> None:
        if tag in _SKIPPED:
            self._skipped += 1
        elif tag in _HEADS:
            self._head = []
        elif tag == "br":
            self.parts.append("\n")
        elif tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in _SKIPPED:
            self._skipped = max(self._skipped - 1, 0)
        elif tag in _HEADS and self._head is not None:
            self.title = self.title or " ".join("".join(self._head).split()) or None
            self._head = None
            self.parts.append("\n\n")
        elif tag in _BLOCKS:
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if self._skipped:
            return
        if self._head is not None:
            self._head.append(data)
        else:
            self.parts.append(re.sub(r"\n[^\S\n]*(?=\n)", " ", data))


def epub_text(path: Path) -> tuple[str, str | None]:
    """The chapters of an EPUB in reading order, and the title of the book."""
    hint = "copy it again; protected books cannot be read"
    try:
        with zipfile.ZipFile(path) as book:
            container = _part(book, "META-INF/container.xml")
            root = re.search(r'full-path="([^"]+)"', container)
            refuse(root is None, "names no contents", path, hint)
            package = _part(book, root[1])
            items = {
                _value(item, "id"): _value(item, "href")
                for item in re.findall(r"<(?:\w+:)?item\s[^>]*>", package)
            }
            order = re.findall(r"<(?:\w+:)?itemref\s[^>]*>", package)
            folder = PurePosixPath(root[1]).parent
            names = [items.get(_value(item, "idref"), "") for item in order]
            parts = [
                html_text(_part(book, str(folder / unquote(name))))[0] for name in names if name
            ]
    except (zipfile.BadZipFile, zlib.error, LookupError, RuntimeError, ValueError) as error:
        raise DataError(f"is no EPUB that can be read ({error})", where=path, hint=hint) from error
    title = re.search(r"<dc:title[^>]*>([^<]+)<", package)
    return "\n\n".join(parts), title and html_text(title[1])[0].strip()


def _part(book: zipfile.ZipFile, name: str) -> str:
    info = book.getinfo(name)
    refuse(info.file_size > _MAX_PART, "is too large for text", f"{book.filename}[{name}]")
    return decode(book.read(info), f"{book.filename}[{name}]")[0]


def _value(tag: str, name: str) -> str:
    value = re.search(rf"""\s{name}=["']([^"']*)["']""", tag)
    return value[1] if value else ""
