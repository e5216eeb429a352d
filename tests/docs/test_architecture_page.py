"""docs/architecture.md names every folder of lvmctl/ and no other, and the floors as they are."""

from __future__ import annotations

import re

import pytest
from docs.pages import DOCS, ROOT, section, table
from test_architecture import FLOORS

PAGE = DOCS / "architecture.md"
SPECIAL = {"__main__", "__init__"}


def folders() -> set[str]:
    """Folders of lvmctl/ with a file of their own, those below templates left out."""
    rooms = {path.parent.relative_to(ROOT) for path in (ROOT / "lvmctl").rglob("*.py")}
    rooms |= {path.relative_to(ROOT) for path in (ROOT / "lvmctl").rglob("templates")}
    return {str(path) for path in rooms} - {"lvmctl"}


def test_every_folder_has_its_row():
    rows = table(section(PAGE, "## Rooms"), "folder")
    named = [name for row in rows for name in re.findall(r"`([\w/]+)`", row[0])]
    assert sorted(named) == sorted(folders())
    assert all(what for _, what in rows)


def test_floors_are_those_that_are_held():
    rows = table(section(PAGE, "## Floors"), "floor")
    floors = {int(floor): set(re.findall(r"`(\w+)`", rooms)) for floor, rooms in rows}
    held = {floor: set(rooms) - SPECIAL for floor, rooms in FLOORS.items()}
    assert floors == {floor: rooms for floor, rooms in held.items() if rooms}


@pytest.mark.parametrize("heading", ["## Follow a training", "## Where to put what"])
def test_files_it_names_exist(heading):
    for name in re.findall(r"`([\w/]+/[\w/]+\.py)`", section(PAGE, heading)):
        assert (ROOT / name).exists() or (ROOT / "lvmctl" / name).exists(), name
