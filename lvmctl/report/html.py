"""Pieces of the page: text that is escaped unless it is HTML already."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence


class Html(str):
    """Text that is HTML already."""


def escape(text: object) -> Html:
    """``text`` as HTML; what cannot be shown (control characters, lone surrogates) is replaced."""
    return text if isinstance(text, Html) else Html(html.escape(printable(str(text))))


def printable(text: str) -> str:
    """``text`` with spaces for every kind of space, and without what no page can hold."""
    shown = (" " if char.isspace() else char for char in text)
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in shown)


def tag(name: str, content: object = "", **attributes: str) -> Html:
    """``<name attributes>content</name>``; ``class_`` is ``class``, ``_`` in names is ``-``."""
    given = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(value)}"'
        for key, value in attributes.items()
    )
    return Html(f"<{name}{given}>{escape(content)}</{name}>")


def joined(parts: Iterable[object], between: str = "\n") -> Html:
    """Pieces one after another."""
    return Html(between.join(escape(part) for part in parts))


def figure(*said: str, interval: str) -> Html:
    """A figure and its interval on one line."""
    return tag("span", joined([*said, tag("small", interval)], " "), class_="figure")


def table(caption: str, header: Sequence[object], rows: Iterable[Sequence[object]]) -> Html:
    """A table that scrolls in a box of its own; the first cell of each row is its heading."""
    head = tag("tr", joined((tag("th", cell, scope="col") for cell in header), ""))
    lines = [
        tag("tr", joined([tag("th", row[0], scope="row"), *(tag("td", c) for c in row[1:])], ""))
        for row in rows
    ]
    content = [tag("caption", caption), tag("thead", head), tag("tbody", joined(lines))]
    # A box that scrolls has to be reachable without a mouse.
    return tag(
        "div",
        tag("table", joined(content)),
        class_="scroll",
        role="region",
        aria_label=caption,
        tabindex="0",
    )
