"""The verdict: every gate by both rule sets, and what they amount to."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lvmctl.core.formatting import interval, number
from lvmctl.report.html import Html, figure, joined, table, tag
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import real
from lvmctl.report.section import Section

SIGNS = {"PASS": "✓", "MARGINAL": "≈", "FAIL": "✗"}
"""What counts; other words say nothing about the model."""

HEADER = ("gate", "verdict", "asks", "seed rule", "fair rule", "ceiling", "direct", "random")

READING = """\
A gate is asked of what could pass it before it is asked of the model. INFEASIBLE: its ceiling
fails. VACUOUS: a random prediction passes. ABSENT: there was nothing to measure. None of these
counts; MARGINAL counts and is no pass."""


def section(run: Inputs) -> Section:
    verdict = run.found["verdict"]
    gates = table(
        f"Gates of the profile {verdict['profile']}", HEADER, map(gate_row, verdict["gates"])
    )
    reasons = tag("ul", joined(tag("li", reason) for reason in why(verdict)))
    parts = [headline(verdict), gates, reasons, tag("p", READING)]
    return Section(
        "verdict", "Verdict", joined(part for part in parts if part != "<ul></ul>"), True
    )


def headline(verdict: dict[str, Any]) -> Html:
    """k of n, and each test that was asked for."""
    said = (
        f"{verdict['passed']} of {verdict['counted']} counted tests passed, "
        f"{verdict['needed']} needed (profile {verdict['profile']})"
    )
    tests = joined(
        (tag("li", joined([name, word(s)], " ")) for name, s in verdict["tests"].items())
    )
    outcome = tag("strong", f"{SIGNS.get(verdict['outcome'], '–')} {verdict['outcome']}")
    return joined(
        [
            tag("p", joined([outcome, said], " "), class_="headline"),
            tag("ul", tests, class_="tests"),
        ]
    )


def word(status: str) -> Html:
    """A status as a word with its sign."""
    return tag("b", f"{SIGNS.get(status, '–')} {status}", class_=status.lower())


def gate_row(gate: dict[str, Any]) -> tuple:
    """One line of the table."""
    name = f"{gate['category']} {gate['name']}".strip() + (
        " (optional)" if gate["optional"] else ""
    )
    best = gate["ceiling"]
    ceiling = "" if best is None else f"{number(best['value'])} {best['name']}"
    beside = [number(gate[other]) for other in ("direct", "random")]
    rules = [rule(gate[name]) for name in ("seed", "fair")]
    return (name, word(gate["status"]), asks(gate), *rules, ceiling, *beside)


def asks(gate: dict[str, Any]) -> str:
    """The metric and its bound: ``in_article.filtered.r@5 ≥ direct + .100``."""
    bound, sign = real(gate["bound"]), {">=": "≥", "<=": "≤"}[gate["op"]]
    wanted = number(bound)
    if gate["against"] and not bound:
        # To have just what a baseline has is no gain.
        sign, wanted = {"≥": ">", "≤": "<"}[sign], gate["against"]
    elif gate["against"]:
        wanted = f"{gate['against']} {'-' if bound < 0 else '+'} {number(abs(bound))}"
    split = " on OOD text" if gate["split"] == "ood" else ""
    return f"{gate['metric']} {sign} {wanted}{split}"


def rule(outcome: dict[str, Any]) -> Html:
    """A figure with its interval, and what a rule says of it."""
    value, ci = number(outcome["value"]), interval(outcome["ci"])
    return figure(value, outcome["status"], interval=ci)


def why(verdict: dict[str, Any]) -> Iterator[str]:
    """Why gates do not count."""
    for gate in verdict["gates"]:
        if gate["why"]:
            yield f"{gate['name']}: {gate['status']}, {gate['why']}"
