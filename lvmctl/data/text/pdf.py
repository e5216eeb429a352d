"""PDF → plain text: lines joined into paragraphs, page numbers and running heads left out."""

from __future__ import annotations

import logging
import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any

from lvmctl.core.errors import DataError, first_line, refuse
from lvmctl.core.formatting import count

_GAP = 1.3
"""Distances of lines, of a page's usual one, above which a paragraph ends."""
_INDENT = 0.5
"""Shift of a line to the right, in font sizes, by which a paragraph begins."""
_SHORT = 0.75
"""Length of a last line, of the page's usual one, below which it ends its paragraph."""
_EDGE = 2
"""Lines at the top and at the bottom of a page that may be its head or foot."""
_END = re.compile(r"[.!?:…][\"'”’)\]]*$")
_NUMBER = re.compile(r"\W*(page\s*)?(\d+|[ivxlc]+)(\s*(of|/)\s*\d+)?\W*", re.I)
_BROKEN = re.compile(r"(\w*[^\W\d_])[-\u2010\u00ad]$")


@dataclass
class Line:
    """A line of a page: its text, where it begins (points, up and to the right), its font size."""

    text: str
    x: float
    y: float
    size: float


def pdf_text(path: Path) -> tuple[str, str | None]:
    """The text of a PDF, blank lines between paragraphs, and its title."""
    try:
        import pypdf
    except ImportError as error:
        what = "is a PDF, which pypdf reads, and that is not installed"
        raise DataError(what, where=path, hint="pip install 'lvmctl[documents]'") from error
    logging.getLogger("pypdf").setLevel(logging.CRITICAL)  # it speaks of each thing it corrects
    try:
        reader = pypdf.PdfReader(path)
        locked = reader.is_encrypted and not reader.decrypt("")
        pages = [] if locked else [page_lines(page) for page in reader.pages]
        title = None if locked else (reader.metadata and reader.metadata.title)
    except pypdf.errors.DependencyError as error:
        hint = "save it without a password, or pip install cryptography"
        raise DataError("is encrypted by AES", where=path, hint=hint) from error
    except Exception as error:  # whatever the library makes of what is no PDF
        what, hint = f"is damaged, or no PDF ({first_line(error)})", "copy or save it again"
        raise DataError(what, where=path, hint=hint) from error
    refuse(locked, "is encrypted", path, "save it without a password")
    refuse(not pages, "is damaged: it has no page", path, "copy or save it again")
    what = f"has no text on its {count(len(pages), 'page')}: it is a scan"
    refuse(not any(pages), what, path, "recognise its text first, for example with ocrmypdf")
    return "\n\n".join(paragraphs(body(pages))), (str(title).strip() if title else None) or None


def page_lines(page: Any) -> list[Line]:
    """The lines of a page in the order in which they are written, without blank ones."""
    lines = [Line("", 0.0, 0.0, 0.0)]

    def visit(text: str, user: Any, matrix: Any, font: Any, size: float) -> None:
        for number, part in enumerate(text.split("\n")):
            if number:
                lines.append(Line("", 0.0, 0.0, 0.0))
            if part.strip() and not lines[-1].text.strip():
                x, y = matrix[4], matrix[5]
                place = [x * user[i] + y * user[i + 2] + user[i + 4] for i in (0, 1)]
                height = size * abs(matrix[3] * user[3]) or size
                lines[-1] = Line("", *place, height)
            lines[-1].text += part

    page.extract_text(visitor_text=visit)
    for line in lines:
        line.text = " ".join(line.text.replace("\0", "").split())
    return [line for line in lines if line.text]


def body(pages: Sequence[list[Line]]) -> list[list[Line]]:
    """Pages without page numbers, and without heads and feet: lines at an edge that hold the page's
    number, or that three pages have alike but for numbers, one of them near."""
    each = [edges(page) for page in pages]
    kinds = [{kind(line) for line in lines} for lines in each]
    counts = Counter(name for names in kinds for name in names)
    offsets = Counter(n - side for side, lines in enumerate(each) for n in set(numbers(lines)))
    offset, count = offsets.most_common(1)[0] if offsets else (0, 0)
    numbered = 2 * count > len(pages) > 2

    def is_body(line: Line, side: int) -> bool:
        if not any(line is edge for edge in each[side]):
            return True
        near = [*kinds[max(0, side - 2) : side], *kinds[side + 1 : side + 3]]
        repeated = counts[kind(line)] > 2 and any(kind(line) in names for names in near)
        has_number = numbered and side + offset in numbers([line])
        return not (repeated or has_number or _NUMBER.fullmatch(line.text))

    return [[line for line in page if is_body(line, side)] for side, page in enumerate(pages)]


def numbers(lines: Sequence[Line]) -> list[int]:
    """The numbers of at most four digits with which lines begin or end."""
    return [int(n) for line in lines for n in re.findall(r"^\d{1,4}\b|\b\d{1,4}$", line.text)]


def edges(page: Sequence[Line]) -> list[Line]:
    """The lines at the top and at the bottom of a page."""
    by_height = sorted(page, key=lambda line: -line.y)
    return [*by_height[:_EDGE], *by_height[_EDGE:][-_EDGE:]]


def kind(line: Line) -> str:
    """A line with its numbers made the same."""
    return re.sub(r"\d+", "#", line.text.casefold())


def paragraphs(pages: Sequence[Sequence[Line]]) -> Iterator[str]:
    """The paragraphs of all pages; one goes on over a page's end unless it ended there."""
    hyphened = {
        word.casefold()
        for page in pages
        for line in page
        for word in re.findall(r"\w+-\w+", line.text)
    }
    text = ""
    for page in pages:
        usual, length = usual_distance(page), usual_length(page)
        previous = None
        for line in page:
            ends = text and (
                _END.search(text) is not None
                if previous is None
                else begins(line, previous, usual, length)
            )
            if ends:
                yield text
                text = ""
            text, previous = joined(text, line.text, hyphened), line
    if text:
        yield text


def begins(line: Line, previous: Line, usual: float, length: float) -> bool:
    """Whether a paragraph begins with ``line``: below a gap, in another size, or after a sentence
    by an indent or a short line."""
    down = previous.y - line.y
    if down > _GAP * usual or abs(line.size - previous.size) > 0.15 * line.size:
        return True
    short = len(previous.text) < _SHORT * length
    indented = down >= 0 and line.x - previous.x > _INDENT * line.size
    return bool(_END.search(previous.text)) and (short or indented)


def usual_distance(page: Sequence[Line]) -> float:
    """The distance of most lines of a page from the one above, in points."""
    steps = [round(a.y - b.y, 1) for a, b in pairwise(page) if a.y > b.y]
    return Counter(steps).most_common(1)[0][0] if steps else 0.0


def usual_length(page: Sequence[Line]) -> float:
    """The length that a quarter of a page's lines exceed, in characters."""
    lengths = sorted(len(line.text) for line in page)
    return lengths[3 * len(lengths) // 4] if lengths else 0


def joined(text: str, line: str, hyphened: set[str]) -> str:
    """A paragraph with one line more; a word that was broken is whole again, but keeps a hyphen
    that it has elsewhere too."""
    broken = _BROKEN.search(text)
    if broken is None or not line[:1].islower():
        return f"{text} {line}" if text else line
    rest = re.split(r"\W", line, maxsplit=1)[0]
    kept = f"{broken[1]}-{rest}".casefold() in hyphened
    return text[:-1] + ("-" if kept else "") + line
