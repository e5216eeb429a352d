"""Plugins' diagnostics of runs have a section where they draw something."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from matplotlib.figure import Figure

from lvmctl.core.diagnosis import Diagnosis
from lvmctl.core.errors import RunError
from lvmctl.registry.declare import Plugin
from lvmctl.registry.find import Origin
from lvmctl.registry.registry import Registry
from lvmctl.registry.specs import DiagnosticSpec
from lvmctl.report import plugins
from lvmctl.report.section import Missing, Section


class Draws:
    """Draws the name of what it is asked about."""

    def __call__(self, subject, reporter):
        def draw():
            figure = Figure(figsize=(5, 3))
            figure.subplots().plot([0, 1], [0, 1], label="line")
            return figure

        sentence = f"{subject.name} is < drawn."
        return Diagnosis(verdict="DRAWN", sentence=sentence, change="Draw more.", plot=draw)


class Says:
    def __call__(self, subject, reporter):
        return Diagnosis(verdict="SAID", sentence="Nothing to see.")


class Fails:
    def __call__(self, subject, reporter):
        raise RunError("has no weights", where=subject)


TARGETS = SimpleNamespace(Draws=Draws, Says=Says, Fails=Fails)


@pytest.fixture
def sections(monkeypatch, make_inputs, reporter):
    """``sections(*names)``: what the diagnostics of these names give for a run."""

    def make(*names: str, takes: str = "run") -> list[Section | Missing]:
        records = tuple(
            DiagnosticSpec(
                name=name.lower(),
                summary=f"It {name.lower()}.",
                target=f"{__name__}:TARGETS.{name}",
                takes=takes,
            )
            for name in names
        )
        mine = Plugin(Origin("mine", "lvmctl-mine", "1.0", "mine"), "ok", records=records)
        monkeypatch.setattr(plugins, "load_registry", lambda: Registry([mine], hook=None))
        return list(plugins.sections(make_inputs(), reporter))

    return make


def test_a_diagnosis_with_a_plot_is_a_section_with_its_sentence(sections):
    drawn, *others = sections("Draws", "Says")
    assert others == []
    assert (drawn.slug, drawn.title) == ("draws", "It draws")
    assert "run is &lt; drawn." in drawn.body
    assert "Draw more." in drawn.body
    assert "<svg" in drawn.body


def test_one_that_fails_is_named_among_what_is_missing(sections):
    drawn, missing = sections("Fails", "Draws")
    assert isinstance(drawn, Section)
    assert missing.title == "Diagnostic mine/fails"
    assert "has no weights" in missing.why


def test_diagnostics_of_data_have_no_part(sections):
    assert sections("Draws", takes="splits") == []
