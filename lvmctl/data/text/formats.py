"""Files of text → plain text, blank lines between paragraphs, and a title where there is one."""

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
_MAX_PART = 1 << 26
"""Bytes of a chapter of a book; more is no text."""


def decode(data: bytes, where: object) -> tuple[str, str]:
    """Text of bytes and its encoding: what a byte-order mark says, UTF-8, else CP1252.

    Raises:
        DataError: it is none of them.
    """
    named = [encoding for mark, encoding in _MARKS.items() if data.startswith(mark)]
    encoding = named[0] if named else "utf-8"
    try:
        return data.decode(encoding), encoding
    except UnicodeDecodeError as error:
        at = error.start
    hint = "convert it, for example with iconv -t utf-8"
    what = f"is no text in {encoding.upper()} (byte {at}: 0x{data[at]:02x})"
    refuse(encoding != "utf-8" or b"\0" in data, what, where, hint)
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError as error:
        raise DataError(what, where=where, hint=hint) from error


def markdown_text(text: str) -> tuple[str, str | None]:
    """The text of Markdown without its headings, and the first of them."""
    kept, title, fence = [], None, False
    for line in text.splitlines():
        fence ^= line.lstrip().startswith(("```", "~~~"))
        head = None if fence else re.match(r" {0,3}#{1,6}\s+(.*?)[\s#]*$", line)
        below = not fence and re.fullmatch(r" {0,3}(=+|-{2,})\s*", line)
        if head:
            title = title or head[1]
            kept.append("")
        elif below and kept and kept[-1].strip():  # the line above is underlined
            title = title or kept[-1].strip()
            kept[-1] = ""
        else:
            kept.append(line)
    return "\n".join(kept), title


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
    """The chapters of an EPUB in reading order, and the title of the book.

    Raises:
        DataError: it is damaged or protected.
    """
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
    found = re.search(rf"""\s{name}=["']([^"']*)["']""", tag)
    return found[1] if found else ""
