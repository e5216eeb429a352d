"""What the verdicts of a profile's gates amount to: k of n, and when nothing is decided."""

from __future__ import annotations

import itertools
import json

import pytest

from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.gates.profile_verdicts import ProfileVerdict, profile_verdict, together
from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.evaluation.gates.verdicts import Evidence
from lvmctl.registry import load_registry
from lvmctl.registry.verdict_specs import ProfileSpec

STATUSES = ("PASS", "MARGINAL", "FAIL", "UNDECIDED", "INFEASIBLE", "VACUOUS", "ABSENT")
UNCOUNTED = ("UNDECIDED", "INFEASIBLE", "VACUOUS", "ABSENT")


def amounts_to(statuses: tuple[str, ...], needed: int | None) -> tuple[str, int, int]:
    """The rule of docs/methods.md#feasibility, written out."""
    counted = [status for status in statuses if status not in UNCOUNTED]
    passed = counted.count("PASS")
    if len(counted) < 3:
        return "UNDECIDED", passed, len(counted)
    enough = passed >= needed if needed and len(counted) >= needed else passed == len(counted)
    return "PASS" if enough else "FAIL", passed, len(counted)


@pytest.mark.parametrize("needed", [None, 3, 4])
@pytest.mark.parametrize("tests", [3, 4, 5])
def test_k_of_n_for_every_mixture_of_statuses(needed, tests):
    profile = ProfileSpec(name="p", summary="s", gates=("g",), needed=needed)
    for statuses in itertools.combinations_with_replacement(STATUSES, tests):
        verdict = ProfileVerdict(profile, "m", (), dict(zip("ABCDE", statuses)))
        expected = amounts_to(statuses, needed)
        assert (verdict.outcome, verdict.passed, verdict.counted) == expected, statuses
        assert verdict.failed == (expected[0] == "FAIL")
        assert verdict.needed <= verdict.counted


@pytest.mark.parametrize(
    ("statuses", "outcome"),
    [
        ((), "UNDECIDED"),
        (("ABSENT",), "UNDECIDED"),
        (("PASS",), "PASS"),
        (("MARGINAL",), "FAIL"),
        (("PASS", "PASS"), "PASS"),
        (("PASS", "FAIL"), "FAIL"),
        (("PASS", "INFEASIBLE"), "UNDECIDED"),
    ],
)
def test_a_profile_of_fewer_than_three_tests_wants_all_of_them_counted(statuses, outcome):
    tests = {str(number): status for number, status in enumerate(statuses)}
    assert (
        ProfileVerdict(ProfileSpec(name="p", summary="s", gates=("g",)), "m", (), tests).outcome
        == outcome
    )


@pytest.mark.parametrize("statuses", [*itertools.product(STATUSES, repeat=2)], ids="-".join)
def test_a_test_of_two_gates_is_as_good_as_the_worse_counted_one(statuses):
    outcome = together(statuses)
    counted = [status for status in statuses if status not in UNCOUNTED]
    if not counted:
        assert outcome == statuses[0]
    for worse in ("FAIL", "MARGINAL", "PASS"):
        if worse in counted:
            assert outcome == worse
            break


GOOD = {
    "offsets.fair": 0.06,
    "in_article.filtered.r@5": 0.71,
    "in_article.filtered.r@1": 0.61,
    "ablations.shuffled": -0.16,
    "rollout.mean": 0.46,
    "coherence.gap": 0.04,
}


def judged(model: dict, profile: str = "p6b", others: dict | None = None, **options):
    """The verdict on predictor ``m``, whose figures by path are ``model``."""
    figures = {"m": model} | (others or {})

    def figure(predictor: str, split: str, path: str) -> Estimate | None:
        paths = figures.get(predictor, {})
        value = paths.get(f"{split} {path}", paths.get(path))
        return None if value is None else Estimate(value)

    known = Evidence(figure, lambda predictor, against, split, path: None)
    return profile_verdict(*find_profile(load_registry(), profile), "m", "unit", known, **options)


def test_p6b_is_five_tests_of_which_three_are_enough():
    assert judged(GOOD).tests == dict.fromkeys("ABCDE", "PASS")
    two_lost = GOOD | {"offsets.fair": 0.0, "in_article.filtered.r@1": 0.5}
    verdict = judged(two_lost)
    assert (verdict.outcome, verdict.passed, verdict.counted, verdict.needed) == ("PASS", 3, 5, 3)
    verdict = judged(two_lost | {"rollout.mean": 0.1})
    assert (verdict.outcome, verdict.passed, verdict.counted) == ("FAIL", 2, 5)


def test_deployment_gates_are_shown_and_not_counted():
    result = judged(GOOD | {"ood in_article.filtered.r@5": 0.1})
    shown = {verdict.gate.name: verdict.status for verdict in result.gates}
    assert shown["p6b-deployment-r5"] == "FAIL"
    assert result.outcome == "PASS"
    assert set(result.tests) == set("ABCDE")


def test_without_ood_text_stability_is_not_counted():
    verdict = judged({path: value for path, value in GOOD.items() if path != "coherence.gap"})
    assert (verdict.tests["E"], verdict.outcome, verdict.counted) == ("ABSENT", "PASS", 4)


def test_three_gates_without_a_category_are_three_tests():
    values = {"margin.last": 0.2, "cos_next": 0.45, "cos_anchor": 0.06}
    verdict = judged(values, "p7")
    assert verdict.tests == {"p7-margin": "PASS", "p7-cosine": "PASS", "p7-anchor": "MARGINAL"}
    assert (verdict.outcome, verdict.passed, verdict.counted) == ("FAIL", 2, 3)


def test_infeasible_gates_leave_a_profile_undecided():
    ceilings = {"unit-margin-ceiling": {"margin.last": 0.1}, "oracle": {"cos_anchor": 0.1}}
    values = {"margin.last": 0.0, "cos_next": 0.9, "cos_anchor": 0.2}
    final = judged(values, "p7", ceilings)
    assert (final.outcome, final.failed, final.passed, final.counted) == ("UNDECIDED", False, 1, 1)
    as_seeds = judged(values, "p7", ceilings, published_rules=True)
    assert (as_seeds.outcome, as_seeds.failed) == ("FAIL", True)


@pytest.mark.parametrize("profile", load_registry().names("profile"))
@pytest.mark.parametrize("published_rules", [True, False])
def test_nothing_measured_decides_nothing(profile, published_rules):
    verdict = judged({}, profile, published_rules=published_rules)
    assert verdict.outcome == "UNDECIDED"
    record = verdict.record()
    assert json.loads(json.dumps(record, allow_nan=False)) == record
    assert (record["profile"], record["predictor"], record["counted"]) == (profile, "m", 0)
    assert record["tests"] == verdict.tests
    assert [gate["name"] for gate in record["gates"]] == [v.gate.name for v in verdict.gates]
