"""Pages of the documentation as tests read them: code blocks, tables, command lines."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import NamedTuple

import click

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PLUGINS = DOCS / "plugins"
PAGES = [
    ROOT / "README.md",
    ROOT / "CONTRIBUTING.md",
    *sorted(DOCS.rglob("*.md")),
    *sorted(ROOT.glob("plugins/*/*.md")),
]

BLOCK = re.compile(r"(?:<!-- ([^\n]*) -->\n)?```(\w*)\n(.*?)```", re.DOTALL)
CELL = re.compile(r"(?<!\\)\|")


class Block(NamedTuple):
    """A code block: what the comment above it says, its language and its text."""

    mark: str
    language: str
    text: str


def read(page: Path) -> str:
    """The text of a page."""
    return page.read_text(encoding="utf-8")


def blocks(page: Path) -> list[Block]:
    """The code blocks of a page."""
    return [Block(*parts) for parts in BLOCK.findall(read(page))]


def typed(text: str) -> list[list[str]]:
    """The ``lvmctl`` command lines of a block, in words; ``[…]`` marks what may be left out."""
    lines = [line for line in text.splitlines() if line.startswith("lvmctl ")]
    return [shlex.split(re.sub(r"[\[\]…]", "", line), comments=True)[1:] for line in lines]


def parse(command: click.Command, words: list[str], parent: click.Context | None = None) -> None:
    """Parse a command line to its end without running it."""
    if isinstance(command, click.Group):
        at = next(i for i, word in enumerate(words) if not word.startswith("-"))
        context = command.make_context(command.name, words[:at] or [words[at]], parent=parent)
        _, found_command, _ = command.resolve_command(context, words[at:])
        parse(found_command, words[at + 1 :], context)
    elif "--help" not in words:
        command.make_context(command.name, words, parent=parent)


def anchors(page: Path) -> set[str]:
    """The places of a page that a link can name, as GitHub spells them."""
    heads = re.findall(r"^#+ (.*)$", re.sub(r"```.*?```", "", read(page), flags=re.DOTALL), re.M)
    plain = [re.sub(r"\[([^]]*)\]\([^)]*\)", r"\1", head) for head in heads]
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in plain}


def section(page: Path, heading: str) -> str:
    """What stands below a heading of a page, up to the next one of its level or above."""
    level = heading.partition(" ")[0]
    _, heading_found, below = f"\n{read(page)}".partition(f"\n{heading}\n")
    assert heading_found, f"{page} has no {heading!r}"
    return re.split(rf"\n#{{1,{len(level)}}} ", below)[0]


def tables(text: str) -> list[list[list[str]]]:
    """The tables of a text: rows of cells, the header first."""
    matches = re.findall(r"(?:^\|.*\|\n)+", text, re.MULTILINE)
    return [[cells(row) for row in table.splitlines() if not is_rule(row)] for table in matches]


def table(text: str, *header: str) -> list[list[str]]:
    """The rows of the one table of a text whose header begins with ``header``, without it."""
    (rows,) = [rows for rows in tables(text) if rows[0][: len(header)] == list(header)]
    return rows[1:]


def cells(row: str) -> list[str]:
    """The cells of a row."""
    return [cell.strip().replace("\\|", "|") for cell in CELL.split(row)[1:-1]]


def is_rule(row: str) -> bool:
    """Whether a row is the line below a header."""
    return set(row) <= set("|-: ")


def bare(cell: str) -> str:
    """A cell that is one piece of code, without its backticks."""
    assert re.fullmatch(r"`[^`]+`", cell), cell
    return cell[1:-1]
