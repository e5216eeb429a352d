"""Markdown → plain text: its paragraphs; code, tables, comments and images are counted."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING

from lvmctl.data.text.formats import html_text

if TYPE_CHECKING:
    from markdown_it.token import Token

_FRONT_MATTER = re.compile(r"\A---[ \t]*\n(.*?\n)?(---|\.\.\.)[ \t]*(\n|\Z)", re.S)
_TITLE = re.compile(r"^title:[ \t]*[\"']?(.*?)[\"']?[ \t]*$", re.M)
_COMMENT = re.compile(r"<!--.*?(-->|\Z)", re.S)


def markdown_text(text: str) -> tuple[str, str | None, Counter[str]]:
    """The text of Markdown, its title, and how much of what kind was left out.

    Paragraphs, list items and quotes become text; links keep their words. The title is that of its
    front matter, else its first heading; headings are no text.
    """
    from markdown_it import MarkdownIt

    left_out, parts, title = Counter[str](), list[str](), None
    text = text.replace("\r\n", "\n")
    if front := _FRONT_MATTER.match(text):
        text = text[front.end() :]
        named = _TITLE.search(front[1] or "")
        title = named and named[1]
    in_table = in_heading = False
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        if token.type in ("table_open", "table_close"):
            in_table = token.type == "table_open"
            left_out["table"] += in_table
        elif token.type in ("heading_open", "heading_close"):
            in_heading = token.type == "heading_open"
        elif token.type in ("fence", "code_block"):
            left_out["code block"] += 1
        elif token.type == "html_block":
            left_out["comment"] += len(_COMMENT.findall(token.content))
            parts.append(html_text(_COMMENT.sub("", token.content))[0])
        elif token.type == "inline" and in_heading:
            title = title or _words(token, Counter()).strip() or None
        elif token.type == "inline" and not in_table:
            parts.append(_words(token, left_out))
    return "\n\n".join(parts), title or None, left_out


def _words(inline: Token, left_out: Counter[str]) -> str:
    """The words of a paragraph, without the targets of its links."""
    words = []
    for token in inline.children or ():
        if token.type in ("softbreak", "hardbreak"):
            words.append("\n")
        elif token.type == "image":
            left_out["image"] += 1
        elif token.type == "html_inline":
            left_out["comment"] += token.content.startswith("<!--")
        else:  # text and code; marks and links have no content
            words.append(token.content)
    return "".join(words)
