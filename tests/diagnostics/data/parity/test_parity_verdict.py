"""The rule of split parity: what it says, and how often it is right."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from diagnostics.parity_cases import flat, some, traits_of, walk

from lvmctl.diagnostics.data.parity.largest_difference import Comparison, compare
from lvmctl.diagnostics.data.parity.parity_verdict import Limit, chance_ranges, judge, limits
from lvmctl.diagnostics.records import SplitParityOptions

OPTIONS = SplitParityOptions()
TRAITS = traits_of(flat(6, 0.3, seed=0))
NAMES = list(limits(TRAITS, OPTIONS))


def verdict(error: float = 0.004, critical: float = 2.5, **differences: float):
    """The verdict on differences of the traits named, and none of the others."""
    difference = np.array([differences.get(name, 0.0) for name in NAMES])
    p = np.where(abs(difference) > critical * error, 0.001, 0.5)
    comparison = Comparison(difference, np.full(len(NAMES), error), critical, p)
    return judge(comparison, limits(TRAITS, OPTIONS), TRAITS, TRAITS)


def test_what_is_tested_and_how_far_it_may_differ():
    by_name = limits(TRAITS, OPTIONS)
    cosine = Limit(0.02, 0.04)
    assert by_name == {
        **{f"lag_{lag}": cosine for lag in range(1, 6)},
        "delta": Limit(0.01, 0.04),
        "delta_positive": Limit(0.05, 0.1),
        "coherence": cosine,
    }
    wider = limits(TRAITS, SplitParityOptions(delta_threshold=0.5, share_threshold=0.2))
    assert (wider["delta"], wider["delta_positive"]) == (Limit(0.5, 1.0), Limit(0.2, 0.4))


def test_nothing_found():
    result = verdict(lag_2=0.005)
    assert result.word == "MATCH"
    assert result.sentence == (
        "No difference between training and validation windows that matters was found; what "
        "passes as chance is up to ±.010 in a cosine, ±.010 in recency Δ, ±.010 in the share with "
        "Δ > 0."
    )
    assert not result.change


@pytest.mark.parametrize(
    ("differences", "worst"),
    [
        ({"lag_1": 0.021}, "cosine at lag 1"),
        ({"lag_5": -0.021, "lag_4": 0.02}, "cosine at lag 5"),
        ({"delta": 0.0101}, "recency Δ"),
        ({"delta_positive": 0.051, "coherence": 0.019}, "share with Δ > 0"),
        ({"coherence": -0.1, "delta": 0.02}, "coherence"),
    ],
)
def test_a_significant_difference_that_matters(differences, worst):
    result = verdict(**differences)
    assert result.word == "MISMATCH"
    assert f"windows: {worst} differs by " in result.sentence
    assert "data split" in result.change


def test_a_significant_difference_that_is_trivial():
    assert verdict(error=1e-5, lag_1=0.0199, delta=0.0099, delta_positive=0.049).word == "MATCH"


def test_a_difference_that_may_be_chance():
    # Up to 0.035 passes as chance: 0.021 is no evidence, and it is no match either.
    assert verdict(error=0.014, lag_1=0.0199).word == "MATCH"
    assert verdict(error=0.014, delta=0.0199).word == "MATCH"  # as noisy as cosines are
    result = verdict(error=0.014, lag_1=0.021)
    assert result.word == "UNDECIDED"
    assert result.sentence == (
        "Too few articles to tell: cosine at lag 1 differs by +.021, more than .020, which may "
        "be chance (p = .5)."
    )
    assert result.change.startswith("About 2.8 times as many articles")
    assert verdict(error=0.014, delta=0.021).word == "UNDECIDED"
    assert verdict(error=0.021, delta_positive=0.051).word == "UNDECIDED"


def test_what_passes_as_chance_is_the_widest_of_its_kind():
    reach = np.full(len(NAMES), 0.01)
    reach[NAMES.index("lag_3")] = 0.03
    reach[NAMES.index("delta_positive")] = 0.04
    assert chance_ranges(NAMES, reach) == (
        "±.030 in a cosine, ±.010 in recency Δ, ±.040 in the share with Δ > 0"
    )


def test_too_few_articles():
    result = verdict(error=0.032, lag_3=0.015)
    assert result.word == "UNDECIDED"
    assert result.sentence == (
        "Too few articles to tell: in cosine at lag 1 chance alone reaches ±.080, more than .040."
    )
    assert result.change == "About 4.0 times as many articles in both splits would decide."


def test_a_large_difference_shows_among_few_articles():
    assert verdict(error=0.032, lag_3=0.3).word == "MISMATCH"


def test_a_significant_difference_must_be_the_one_that_matters():
    tested = limits(TRAITS, OPTIONS)
    error = np.array([0.001 if name == "lag_1" else 0.014 for name in NAMES])
    words = []
    for certain in (0.015, 0.025):  # at lag 1; at lag 5 it may be chance
        named = {"lag_1": certain, "lag_5": 0.0199}
        difference = np.array([named.get(name, 0) for name in NAMES])
        comparison = Comparison(difference, error, 2.5, np.full(len(NAMES), 0.3))
        words.append(judge(comparison, tested, TRAITS, TRAITS))
    assert [verdict.word for verdict in words] == ["MATCH", "MISMATCH"]
    assert "windows: cosine at lag 1 differs" in words[1].sentence


@pytest.mark.parametrize(
    ("sizes", "start"),
    [((1, 6), "train has one"), ((6, 1), "val has one"), ((1, 1), "train and val have one")],
)
def test_one_article(sizes, start):
    train, val = (some(TRAITS, np.arange(size)) for size in sizes)
    nothing = np.full(len(NAMES), np.nan)
    result = judge(
        Comparison(nothing, nothing, np.nan, nothing), limits(TRAITS, OPTIONS), train, val
    )
    assert result.word == "UNDECIDED"
    assert result.sentence.startswith(f"{start} article with windows: nothing")
    assert result.change


def verdicts(train, val, side: int, draws: int = 40) -> Counter:
    """Verdicts on random articles of two stores, which may be one."""
    tested = limits(train, OPTIONS)
    rng = np.random.default_rng(5)
    fallen: Counter = Counter()
    for draw in range(draws):
        order = rng.permutation(train.articles)
        first = some(train, order[:side])
        # Of one store the articles that are left, of two any.
        other = some(val, order[side : 2 * side])
        sums = (np.stack([part.sums[name] for name in tested], axis=1) for part in (first, other))
        comparison = compare(
            tuple(sums), (first.windows, other.windows), OPTIONS.significance, 299, draw
        )
        fallen[judge(comparison, tested, first, other).word] += 1
    return fallen


@pytest.fixture(scope="module")
def store():
    return traits_of(flat(500, 0.3, seed=1))


def test_a_random_split_matches(store):
    assert verdicts(store, store, 250)["MATCH"] >= 38
    walks = traits_of(walk(500, 0.8, seed=2))
    assert verdicts(walks, walks, 250)["MATCH"] >= 38


def test_a_shift_of_004_is_a_mismatch(store):
    shifted = traits_of(flat(500, 0.34, seed=3))
    assert shifted.mean("lag_1") - store.mean("lag_1") == pytest.approx(0.04, abs=0.01)
    assert shifted.mean("delta") - store.mean("delta") == pytest.approx(0, abs=0.01)
    assert verdicts(store, shifted, 250)["MISMATCH"] >= 38


def test_a_small_sample_hides_nothing(store):
    """Eight articles a side: a shift of 0.04 is seen or left open, and no verdict on noise."""
    shifted = traits_of(flat(500, 0.34, seed=3))
    assert verdicts(store, shifted, 8)["MATCH"] <= 2
    assert verdicts(store, store, 8)["MISMATCH"] <= 3


def test_a_large_sample_condemns_no_trifle():
    """A shift of 0.008 that 3,000 articles a side show beyond doubt."""
    first, other = (traits_of(flat(3000, f, seed=9)) for f in (0.3, 0.308))
    tested = limits(first, OPTIONS)
    sums = tuple(np.stack([part.sums[name] for name in tested], axis=1) for part in (first, other))
    comparison = compare(sums, (first.windows, other.windows), OPTIONS.significance, 99, 0)
    assert comparison.p.min() <= OPTIONS.significance
    assert judge(comparison, tested, first, other).word == "MATCH"
