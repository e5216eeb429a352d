"""Citations of the specification, ``docs/methods.md#anchor``, lead to sections that it has."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

from docs.pages import DOCS, ROOT, anchors

CITED = re.compile(r"docs/methods\.md(#[\w-]*(?:,\s#[\w-]+)*)")
"""``docs/methods.md#cone, #ceilings``: several sections at once."""
KINDS = ("*.py", "*.md", "*.toml", "*.html", "*.js", "*.template")
PLACES = ("lvmctl", "plugins", "benchmarks", "docs", "tests")


def cited() -> Iterator[tuple[Path, str]]:
    """Every file that cites a section, with the section's anchor."""
    files = [path for place in PLACES for kind in KINDS for path in (ROOT / place).rglob(kind)]
    for path in [*files, ROOT / "README.md", ROOT / "experiments.toml"]:
        if path != Path(__file__):
            for together in CITED.findall(path.read_text(encoding="utf-8")):
                yield from ((path, anchor) for anchor in re.findall(r"#([\w-]*)", together))


def test_every_citation_leads_to_a_section():
    known = anchors(DOCS / "methods.md")
    assert [(str(path), anchor) for path, anchor in cited() if anchor not in known] == []


def test_headings_are_short_and_distinct():
    headings = re.findall(r"^#+ (.*)$", (DOCS / "methods.md").read_text(encoding="utf-8"), re.M)
    assert len(headings) == len(anchors(DOCS / "methods.md"))
    assert max(map(len, headings)) <= 20
