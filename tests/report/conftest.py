"""Runs that are already evaluated."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from recorder import Recorder
from report.saved import write_run

from lvmctl.core.run_directory import RunDirectory
from lvmctl.report import section
from lvmctl.report.html import Html
from lvmctl.report.inputs import Inputs, read


@pytest.fixture
def make_inputs(tmp_path: Path):
    """``make_inputs(found, …)`` writes a run and reads it, see ``saved.write_run``."""

    def make(result: dict[str, Any] | None = None, **others: Any) -> Inputs:
        path = write_run(tmp_path / "runs" / others.pop("name", "run"), result, **others)
        return read(RunDirectory.open(path), others.pop("key", "run1"))

    return make


@pytest.fixture
def unrendered(monkeypatch) -> None:
    """Plots are drawn but not written as SVG, which is most of the time a page takes."""
    monkeypatch.setattr(
        section, "svg", lambda figure, name, title: Html(f"<svg id='{name}'></svg>")
    )


@pytest.fixture
def reporter() -> Recorder:
    return Recorder()
