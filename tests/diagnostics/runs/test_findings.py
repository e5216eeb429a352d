"""Of several findings the cause comes first, each once, with all its evidence."""

from __future__ import annotations

from itertools import permutations

from lvmctl.core.diagnosis import Finding
from lvmctl.diagnostics.runs.findings import ordered


def finding(name, severity="critical", epoch=None, evidence="line"):
    return Finding(name, severity, epoch, evidence, "remedy", "docs/methods.md#blend")


def test_the_most_severe_comes_first_and_of_equals_the_cause():
    group = [
        finding("overfitting", "minor"),
        finding("at-chance"),
        finding("frozen-parameter", "serious"),
        finding("collapse-at-schedule-step"),
        finding("orthogonal-escape"),
    ]
    expected = ["collapse-at-schedule-step", "orthogonal-escape", "at-chance"]
    expected += ["frozen-parameter", "overfitting"]
    for order in permutations(group):
        assert [f.name for f in ordered(order)] == expected


def test_one_name_is_one_finding_with_the_evidence_of_both():
    first, second = finding("copying", epoch=4, evidence="a"), finding("copying", evidence="b")
    (only,) = ordered([first, second])
    assert (only.evidence, only.also, only.epoch) == ("a", ("b",), 4)
    assert only.record()["also"] == ["b"]


def test_of_two_with_one_name_the_more_severe_leads():
    first, second = finding("copying", "minor", 4, "a"), finding("copying", "critical", 5, "b")
    (only,) = ordered([first, second])
    assert (only.severity, only.evidence, only.also, only.epoch) == ("critical", "b", ("a",), 4)


def test_a_collapse_is_evidence_of_an_escape():
    (only,) = ordered(
        [finding("collapse", epoch=2, evidence="falls"), finding("orthogonal-escape", epoch=3)]
    )
    assert (only.name, only.epoch, only.also) == ("orthogonal-escape", 2, ("falls",))


def test_what_only_a_plugin_finds_stands_before_what_is_mild():
    group = [finding("overfitting", "minor"), finding("mine", "minor"), finding("other", "minor")]
    group += [finding("at-chance", "minor"), finding("mine-too", "serious")]
    names = ["mine-too", "at-chance", "mine", "other", "overfitting"]
    assert [f.name for f in ordered(group)] == names
