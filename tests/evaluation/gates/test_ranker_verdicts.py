"""Verdicts on models with their own score, and what an absent offset accuracy says."""

from __future__ import annotations

from dataclasses import replace

import pytest
from evaluation.gates.estimates import NAMED, evidence

from lvmctl.evaluation.gates.bounds import Estimate
from lvmctl.evaluation.gates.verdicts import asked_of_ranker, gate_verdict


@pytest.mark.parametrize(
    ("direct", "why"),
    [
        ({"cos_next": 0.4}, "no chunk outside the window"),
        (
            {"cos_next": 0.4, "offsets.fair": 0.1},
            "no article has three chunks before a window and three after its target",
        ),
        ({}, "direct was not measured"),
    ],
)
def test_without_chunks_around_the_windows_offsets_say_what_is_missing(direct, why):
    verdict = gate_verdict(NAMED["fair-offsets"], "m", "cone", evidence({"direct": direct}))
    assert (verdict.status, verdict.why) == ("ABSENT", why)


def test_an_undecided_time_says_its_interval():
    figures = {"m": {"latency.ratio": Estimate(1.11, 1.06, 1.3)}}
    verdict = gate_verdict(NAMED["ship-latency"], "m", "cone", evidence(figures))
    assert (verdict.status, verdict.why) == (
        "UNDECIDED",
        "its interval [1.060, 1.300] holds the bound",
    )
    seed = gate_verdict(NAMED["ship-latency"], "m", "cone", evidence(figures), published_rules=True)
    assert seed.status == "UNDECIDED"


def of_ranker(gate: str, differences: dict, **options):
    """The verdict on a gate of ``m``, which ranks by its own score, where it has these leads."""
    pairs = {("m", "wiener"): differences}
    there = dict.fromkeys(differences, 0.4) | {"cos_next": 0.4}
    proof = evidence({"m": there, "wiener": there, "direct": there}, pairs)
    proof = replace(proof, is_ranker=lambda name: name == "m")
    return gate_verdict(NAMED[gate], "m", "cone", proof, **options)


def test_a_ranker_is_judged_by_the_ranks_that_it_loses():
    leads = {
        "ablations.shuffled": Estimate(0.02, 0.01, 0.03),
        "ablations.mrr@10.shuffled": Estimate(-0.08, -0.1, -0.06),
    }
    verdict = of_ranker("fair-shuffled", leads)
    assert (verdict.status, verdict.fair.metric) == ("PASS", "ablations.mrr@10.shuffled")
    assert (verdict.seed.status, verdict.seed.metric) == ("FAIL", "ablations.shuffled")
    assert verdict.record()["metric"] == "ablations.mrr@10.shuffled"
    seed = of_ranker("fair-shuffled", leads, published_rules=True)
    assert (seed.status, seed.judged.metric) == ("FAIL", "ablations.shuffled")
    # Where no article is long enough there are no ranks to lose.
    del leads["ablations.mrr@10.shuffled"]
    verdict = of_ranker("fair-shuffled", leads)
    assert (verdict.status, verdict.why) == ("ABSENT", "no article is long enough")


def test_a_ranker_feeds_nothing_back():
    leads = {"rollout.mean": Estimate(0.2, 0.1, 0.3)}
    verdict = of_ranker("fair-rollout", leads)
    assert (verdict.status, verdict.fair.estimate) == ("ABSENT", None)
    assert verdict.why == "asked of models whose answer is a vector, a ranker's is an order"
    # The published rule stays what it was: q, fed back.
    assert verdict.seed.status == "PASS"
    assert of_ranker("fair-rollout", leads, published_rules=True).status == "PASS"


@pytest.mark.parametrize("gate", ["p6b-shuffled", "fair-r5", "fair-offsets", "fair-stability"])
def test_other_gates_ask_a_ranker_what_they_ask_of_all(gate):
    assert asked_of_ranker(NAMED[gate]) == NAMED[gate].metric
