"""The energy distance against slow loops, in splits where it is known, and how often it errs."""

from __future__ import annotations

import math

import numpy as np
import pytest
from diagnostics.parity_cases import flat, walk
from made import split_of

from lvmctl.diagnostics.data.parity import energy_distance as module
from lvmctl.diagnostics.data.parity.energy_distance import article_distances, energy_distance


def test_splits_that_have_nothing_in_common():
    """All chunks of one are x, all of the other -x: E = 2·2 - 0 - 0, the largest there is."""
    x = np.array([[0.6, 0.8]])
    one, other = (
        split_of(np.repeat(x, 12, axis=0), [3] * 4),
        split_of(-np.ones((9, 1)) * x, [3] * 3),
    )
    found = energy_distance(one, other, 199, 0)
    assert found["value"] == pytest.approx(4, abs=1e-3)
    assert found["relative"] == pytest.approx(1, abs=1e-3)
    assert found["articles"] == [4, 3]
    # One of 35 ways to label the articles is this far apart.
    assert 1 / 200 <= found["p"] <= 0.1


def test_splits_that_are_all_one_point():
    one, other = (split_of(np.ones((n, 3)), [2] * (n // 2)) for n in (8, 6))
    found = energy_distance(one, other, 99, 0)
    assert found["value"] == pytest.approx(0, abs=1e-3)
    assert not math.isnan(found["relative"])
    assert found["p"] == 1  # however they are labelled


def test_the_same_as_slow_loops():
    """All chunks are in the sample, each article weighs the same, none is paired with itself."""
    rng = np.random.default_rng(3)
    lengths = ([1, 3, 2, 4], [2, 4, 1])
    one, other = (split_of(rng.standard_normal((sum(own), 5)), own) for own in lengths)
    articles = []
    for split in (one, other):
        x = split.vectors.astype(np.float64)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        articles.append([x[s : s + n] for s, n in zip(split.starts, split.lengths)])

    def apart(a, b):
        return np.mean([math.dist(x, z) for x in a for z in b])

    across = np.mean([apart(a, b) for a in articles[0] for b in articles[1]])
    within = [
        np.mean([apart(a, b) for i, a in enumerate(own) for j, b in enumerate(own) if i != j])
        for own in articles
    ]
    found = energy_distance(one, other, 99, 0)
    assert found["value"] == pytest.approx(2 * across - sum(within), abs=1e-6)
    assert found["relative"] == pytest.approx(found["value"] / (2 * across), abs=1e-6)
    back = energy_distance(other, one, 99, 0)
    assert back["value"] == pytest.approx(found["value"], abs=1e-6)


def test_distances_of_articles():
    x = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    found = article_distances(x, np.array([1, 2]))
    expected = (math.sqrt(2) + 2) / 2
    np.testing.assert_allclose(found, [[0, expected], [expected, 0]], atol=1e-6)


def test_a_sample_of_large_splits(monkeypatch):
    monkeypatch.setattr(module, "ARTICLES", 20)
    one, other = flat(50, 0.3, seed=0), flat(15, 0.3, seed=1)
    found = energy_distance(one, other, 99, 0)
    assert found["articles"] == [20, 15]
    assert energy_distance(one, other, 99, 0) == found
    assert energy_distance(one, other, 99, 1) != found


@pytest.mark.parametrize("sizes", [(1, 5), (5, 1)])
def test_one_article_has_no_distance(sizes):
    assert energy_distance(*(flat(n, 0.3, seed=n) for n in sizes), 99, 0) is None


def test_false_alarms_and_bias():
    """Articles whose chunks are alike are no evidence: p is that of articles, E is about 0."""
    found = [
        energy_distance(flat(20, 0.8, draw, 4), flat(12, 0.8, 1000 + draw, 4), 99, draw)
        for draw in range(100)
    ]
    assert sum(energy["p"] <= 0.05 for energy in found) <= 12
    values = np.array([energy["value"] for energy in found])
    assert abs(values.mean()) < 4 * values.std() / 10
    assert 0.01 <= np.mean([energy["value"] > energy["chance"] for energy in found]) <= 0.12


def test_other_subjects_are_seen():
    """The same walks around another pole: every cosine inside an article stays what it was."""
    one, other = walk(40, 0.5, seed=0), walk(40, 0.5, seed=1)
    pole = np.eye(16)[0] * 0.6
    moved = split_of(other.vectors + pole, [12] * 40)
    assert energy_distance(one, other, 199, 0)["p"] > 0.02
    found = energy_distance(one, moved, 199, 0)
    assert found["p"] == 1 / 200
    assert found["value"] > 5 * found["chance"]
