"""The scene, and a count of the faults that were tried."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from threading import get_ident

import pytest
from faults import server
from faults.process import lvmctl
from faults.scene import SCENE, restore, texts


def pytest_collection_modifyitems(items):
    for item in () if server.is_possible() else items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.skip(reason="needs processes that fork"))


@pytest.fixture(scope="session")
def scene(tmp_path_factory) -> Path:
    """A directory with something of everything."""
    place = tmp_path_factory.mktemp("scene") / "scene"
    place.mkdir()
    texts(place)
    for line in SCENE:
        ended = lvmctl(line, place)
        assert ended.code == 0, (line, ended.err)
    return place


@pytest.fixture
def again(scene, tmp_path):
    """A function that makes a copy of the scene, for each thread at a place of its own."""

    def copy() -> Path:
        place = tmp_path / f"scene{get_ident()}"
        restore(scene, place)
        return place

    return copy


@pytest.fixture
def tried(record_property):
    """A function that counts a fault of a kind."""
    return lambda kind: record_property("fault", kind)


def pytest_terminal_summary(terminalreporter):
    kinds: Counter = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if getattr(report, "when", "") == "call":
                kinds.update(kind for name, kind in report.user_properties if name == "fault")
    if kinds:
        terminalreporter.section("faults")
        for kind, number in [*sorted(kinds.items()), ("all", kinds.total())]:
            terminalreporter.line(f"{number:6,}  {kind}")
