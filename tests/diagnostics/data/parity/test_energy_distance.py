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
    first, other = (
        split_of(np.repeat(x, 12, axis=0), [3] * 4),
        split_of(-np.ones((9, 1)) * x, [3] * 3),
    )
    energy = energy_distance(first, other, 199, 0)
    assert energy["value"] == pytest.approx(4, abs=1e-3)
    assert energy["relative"] == pytest.approx(1, abs=1e-3)
    assert energy["articles"] == [4, 3]
    # One of 35 ways to label the articles is this far apart.
    assert 1 / 200 <= energy["p"] <= 0.1


def test_splits_that_are_all_one_point():
    first, other = (split_of(np.ones((n, 3)), [2] * (n // 2)) for n in (8, 6))
    energy = energy_distance(first, other, 99, 0)
    assert energy["value"] == pytest.approx(0, abs=1e-3)
    assert not math.isnan(energy["relative"])
    assert energy["p"] == 1  # however they are labelled


def test_the_same_as_slow_loops():
    """All chunks are in the sample, each article weighs the same, none is paired with itself."""
    rng = np.random.default_rng(3)
    lengths = ([1, 3, 2, 4], [2, 4, 1])
    first, other = (split_of(rng.standard_normal((sum(part), 5)), part) for part in lengths)
    articles = []
    for split in (first, other):
        x = split.vectors.astype(np.float64)
        x /= np.linalg.norm(x, axis=1, keepdims=True)
        articles.append([x[s : s + n] for s, n in zip(split.starts, split.lengths)])

    def apart(a, b):
        return np.mean([math.dist(x, z) for x in a for z in b])

    across = np.mean([apart(a, b) for a in articles[0] for b in articles[1]])
    within = [
        np.mean([apart(a, b) for i, a in enumerate(rows) for j, b in enumerate(rows) if i != j])
        for rows in articles
    ]
    energy = energy_distance(first, other, 99, 0)
    assert energy["value"] == pytest.approx(2 * across - sum(within), abs=1e-6)
    assert energy["relative"] == pytest.approx(energy["value"] / (2 * across), abs=1e-6)
    back = energy_distance(other, first, 99, 0)
    assert back["value"] == pytest.approx(energy["value"], abs=1e-6)


def test_distances_of_articles():
    x = np.array([[1, 0], [0, 1], [-1, 0]], np.float32)
    distances = article_distances(x, np.array([1, 2]))
    expected = (math.sqrt(2) + 2) / 2
    np.testing.assert_allclose(distances, [[0, expected], [expected, 0]], atol=1e-6)


def test_a_sample_of_large_splits(monkeypatch):
    monkeypatch.setattr(module, "ARTICLES", 20)
    first, other = flat(50, 0.3, seed=0), flat(15, 0.3, seed=1)
    energy = energy_distance(first, other, 99, 0)
    assert energy["articles"] == [20, 15]
    assert energy_distance(first, other, 99, 0) == energy
    assert energy_distance(first, other, 99, 1) != energy


@pytest.mark.parametrize("sizes", [(1, 5), (5, 1)])
def test_one_article_has_no_distance(sizes):
    assert energy_distance(*(flat(n, 0.3, seed=n) for n in sizes), 99, 0) is None


def test_false_alarms_and_bias():
    """Articles whose chunks are alike are no evidence: p is that of articles, E is about 0."""
    energies = [
        energy_distance(flat(20, 0.8, draw, 4), flat(12, 0.8, 1000 + draw, 4), 99, draw)
        for draw in range(100)
    ]
    assert sum(energy["p"] <= 0.05 for energy in energies) <= 12
    values = np.array([energy["value"] for energy in energies])
    assert abs(values.mean()) < 4 * values.std() / 10
    assert 0.01 <= np.mean([energy["value"] > energy["chance"] for energy in energies]) <= 0.12


def test_other_subjects_are_seen():
    """The same walks around another pole: every cosine inside an article stays what it was."""
    first, other = walk(40, 0.5, seed=0), walk(40, 0.5, seed=1)
    pole = np.eye(16)[0] * 0.6
    moved = split_of(other.vectors + pole, [12] * 40)
    assert energy_distance(first, other, 199, 0)["p"] > 0.02
    energy = energy_distance(first, moved, 199, 0)
    assert energy["p"] == 1 / 200
    assert energy["value"] > 5 * energy["chance"]
