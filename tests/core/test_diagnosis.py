"""A diagnosis as it is printed."""

from __future__ import annotations

from lvmctl.core.diagnosis import Diagnosis, Table
from lvmctl.core.formatting import WIDTH

TABLES = (
    Table(("what", "value"), (("a", 1),), "First", "a: the first letter."),
    Table(("text",), (("word " * 40,),), "Second", detail=True),
    Table(("x",), ((2,),), "Third", detail=True),
)
FOUND = Diagnosis("FOUND", f"{'Much ' * 20}was found.", {}, TABLES, f"{'More ' * 20}of it.")


def test_details_are_named_and_not_shown():
    parts = FOUND.table().split("\n\n")
    assert parts[0].startswith("FOUND: Much Much")
    assert parts[1] == "First\nwhat  value\na         1\na: the first letter."
    assert parts[2].startswith("What would change it: More")
    assert parts[3:] == ["--full shows also: Second; Third."]


def test_full_shows_every_table_in_its_place():
    parts = FOUND.table(full=True).split("\n\n")
    assert [part.split()[0] for part in parts] == ["FOUND:", "First", "Second", "Third", "What"]
    assert parts[2].count("word") == 40


def test_every_line_fits():
    lines = [line for full in (False, True) for line in FOUND.table(full).splitlines()]
    assert max(map(len, lines)) <= WIDTH


def test_nothing_but_a_sentence_is_one_line():
    assert Diagnosis("OK", "Fine.").table() == Diagnosis("OK", "Fine.").table(True) == "OK: Fine."
