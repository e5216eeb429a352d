"""Predictors forward and backward: the same chunks, the same procedure, articles held out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from diagnostics.directed import articles_of, draws, split_of

from lvmctl.data import Windows
from lvmctl.data.store.arrays import unit64
from lvmctl.diagnostics.data.arrow.predictability import (
    EQUAL,
    both_ways,
    predictability,
    reversed_split,
    ridge,
    transformer,
)


def last(windows: Windows):
    """Predicts the window's last chunk."""
    return lambda context: context[:, -1]


def first(windows: Windows):
    """Predicts the window's first chunk."""
    return lambda context: context[:, 0]


def uneven(seed: int = 0):
    rng = np.random.default_rng(seed)
    return split_of(*(rng.standard_normal((length, 4)) for length in (6, 3, 9, 4, 2, 7, 5)))


@pytest.mark.parametrize(("fit", "away"), [(last, 0), (first, -1)])
def test_both_directions_are_of_the_same_chunks(fit, away):
    split, context = uneven(), 3
    forward, backward, near = [], [], []
    for x in articles_of(split):
        for t in range(len(x) - context):
            block = x[t : t + context + 1]
            forward.append(block[[-2, 0][away]] @ block[-1])
            backward.append(block[[1, -1][away]] @ block[0])
            near.append((block[[-2, 0][away]] @ block[-2], block[[1, -1][away]] @ block[1]))
    record = predictability(split, fit, context, 1000)
    assert (record["windows"], record["articles"]) == (len(forward), 5)
    assert record["forward"]["value"] == pytest.approx(np.mean(forward), abs=1e-6)
    assert record["backward"]["value"] == pytest.approx(np.mean(backward), abs=1e-6)
    assert record["difference"]["value"] == pytest.approx(
        np.mean(forward) - np.mean(backward), abs=1e-6
    )
    ahead, behind = np.mean(near, axis=0)
    assert record["margin_forward"]["value"] == pytest.approx(np.mean(forward) - ahead, abs=1e-6)
    assert record["margin_backward"]["value"] == pytest.approx(np.mean(backward) - behind, abs=1e-6)


def test_differences_are_paired_window_by_window():
    """Where every window is predicted alike in both directions, the difference is exactly 0."""
    same = np.random.default_rng(1).standard_normal((4, 5))
    palindromes = [np.concatenate([same, same[::-1]]) + number for number in range(6)]
    record = predictability(split_of(*palindromes), last, 1, 1000)
    assert record["difference"] == {"value": 0.0, "ci": [0.0, 0.0]}
    low, high = record["forward"]["ci"]
    assert high > low


def test_a_window_read_backward_stands_beside_itself():
    """From one chunk to its neighbour the cosine is the same in both directions."""
    record = both_ways(uneven(), uneven(1), last, 1, lambda count: None)
    assert record.shape == (2, 2, 29)
    assert record[1, 0] == pytest.approx(record[0, 0], abs=1e-6)
    assert len({*record[0, 0].round(4)}) > 20


def test_articles_are_held_out_whole():
    seen = []

    def fit(windows: Windows):
        seen.append({article["id"] for article in windows.split.articles})
        return last(windows)

    steps = []
    record = predictability(uneven(), fit, 2, 1000, done=steps.append)
    assert steps == [1] * 6
    assert [len(ids) for ids in seen] == [4, 4, 4, 4, 4, 4]
    assert all(first == other for first, other in zip(seen[::2], seen[1::2]))
    held = [{0, 1, 2, 3, 5, 6} - ids for ids in seen[::2]]
    assert set.union(*held) == {0, 1, 2, 3, 5, 6}
    assert sum(map(len, held)) == record["articles"] == 6
    once = predictability(uneven(), last, 2, 1000, rounds=1)
    assert once["articles"] == 2


def test_articles_are_taken_until_there_are_enough_windows():
    (split,) = draws("iid", 1, articles=20, chunks=7)
    assert predictability(split, last, 3, 13)["windows"] == 16


def test_one_long_article_is_not_enough():
    split = split_of(np.eye(6), np.eye(6)[:3])
    assert predictability(split, last, 3, 100) is None
    assert predictability(split, last, 2, 100) is not None


def test_ridge_predicts_a_rotation_both_ways_and_it_moves():
    (split,) = draws("rotation", 1, articles=40, chunks=20, dim=8)
    record = predictability(split, ridge(), 3, 1000)
    for value, (low, high) in (record[way].values() for way in ("forward", "backward")):
        assert low < value < high
        assert value == pytest.approx(0.9, abs=0.02)
    assert record["difference"]["value"] == pytest.approx(0, abs=0.01)
    for value, _ in (record[f"margin_{way}"].values() for way in ("forward", "backward")):
        assert value == pytest.approx(0.9 - np.cos(np.radians(40)), abs=0.02)
    assert "no evidence against an arrow" in EQUAL


def test_ridge_finds_what_is_easier_backward():
    """The second half of an article forgets the first: its chunks are copies with sign lost."""
    rng = np.random.default_rng(3)
    articles = []
    for _ in range(60):
        x = unit64(rng.standard_normal((8, 4)))
        x[1::2] = np.abs(x[0::2])  # the next chunk is known, the one before it is not
        articles.append(x[:2])
    split = split_of(*articles)
    record = predictability(split, lambda windows: lambda context: context[:, 0].abs(), 1, 1000)
    assert record["forward"]["value"] == pytest.approx(1, abs=1e-6)
    assert record["difference"]["ci"][0] > 0
    turned = predictability(
        reversed_split(split), lambda windows: lambda context: context[:, 0].abs(), 1, 1000
    )
    assert turned["difference"]["value"] == pytest.approx(-record["difference"]["value"], abs=1e-6)


def test_the_transformer_learns_and_is_seeded():
    (split,) = draws("rotation", 1, articles=24, chunks=12, dim=4)
    torch.manual_seed(7)
    record = predictability(split, transformer(8, seed=1), 2, 1000, rounds=1)
    after = torch.rand(1)
    torch.manual_seed(7)
    assert torch.rand(1) == after
    assert record["forward"]["value"] > 0.6
    assert record["backward"]["value"] > 0.6
    again = predictability(split, transformer(8, seed=1), 2, 1000, rounds=1)
    assert again == record
    other = predictability(split, transformer(8, seed=2), 2, 1000, rounds=1)
    assert other["forward"] != record["forward"]


def test_both_directions_start_from_the_same_weights(monkeypatch):
    """On a store that reads the same both ways, training is the same twice."""
    half = np.random.default_rng(2).standard_normal((5, 4))
    palindromes = [np.concatenate([half, half[::-1]]) + number for number in range(6)]
    record = predictability(split_of(*palindromes), transformer(1, seed=0), 2, 1000, rounds=1)
    assert record["difference"]["value"] == 0
