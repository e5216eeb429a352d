"""The screen that docs/diagnose.md shows is the one that is printed."""

from __future__ import annotations

import re

from docs.pages import DOCS, blocks


def shape(text: str) -> str:
    """A screen without what another machine computes otherwise: numbers, and where lines end."""
    return " ".join(re.sub(r"[-+±]?[\d.,]*\d", "0", text).split())


def test_the_screen_is_that_of_the_command(run_cli):
    (block,) = [block for block in blocks(DOCS / "diagnose.md") if block.language == "text"]
    printed = run_cli(*block.mark.split()[1:]).stdout
    assert shape(block.text) == shape(printed)
