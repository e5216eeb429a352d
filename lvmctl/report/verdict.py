"""The verdict: every gate by both rule sets, and what they amount to."""

from __future__ import annotations

from lvmctl.core.formatting import few_articles
from lvmctl.evaluation.fivecat.rendering import tally
from lvmctl.report.html import render
from lvmctl.report.inputs import Inputs
from lvmctl.report.section import Section


def section(run: Inputs) -> Section:
    verdict = run.result["verdict"]
    warning = few_articles(run.result["articles"])
    body = render("verdict.html", verdict=verdict, tally=tally(verdict), warning=warning)
    return Section("verdict", "Verdict", body, wide=True)
