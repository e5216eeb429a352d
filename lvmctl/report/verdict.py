"""The verdict: every gate by both rule sets, and what they amount to."""

from __future__ import annotations

from lvmctl.report.html import render
from lvmctl.report.inputs import Inputs
from lvmctl.report.section import Section


def section(run: Inputs) -> Section:
    body = render("verdict.html", verdict=run.result["verdict"])
    return Section("verdict", "Verdict", body, wide=True)
