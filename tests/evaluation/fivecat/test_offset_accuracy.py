"""5CAT A's fair rule: known answers (docs/methods.md#5cat), its edges, and what a copier earns."""

from __future__ import annotations

import math

import numpy as np
import pytest
from evaluation.cases import unit_rows

from lvmctl.data import Windows, open_split
from lvmctl.data.synthetic.worlds import World, bayes_prediction
from lvmctl.evaluation.fivecat.offsets import offset_metrics, offset_sweep, outside_offsets

WORLDS = [("rotation", 0.9, 40), ("rotation", 0.7, 40), ("rotation", 0.9, 120), ("ar1", 0.9, 0)]
KNOWN = {
    "perfect": (1.00, 1.00, 1.00, 1.00),
    "copier": (1.00, 1.00, 0.00, 1.00),
    "centroid": (0.45, 0.44, 0.00, 0.49),
    "maximiser": (0.00, 0.00, 1.00, 0.00),
}
"""Offset accuracy by world: D = 64, K = 5, 300 articles of 40 chunks."""


def column(windows: Windows, q: np.ndarray, name: str = "accuracy"):
    return offset_metrics(windows, q, offset_sweep(windows, q))[f"offsets.{name}"]


def of_unit(vectors: np.ndarray) -> np.ndarray:
    return (vectors / np.linalg.norm(vectors, axis=1, keepdims=True)).astype(np.float32)


@pytest.mark.parametrize("number", range(len(WORLDS)))
def test_known_answers(number):
    name, a, theta = WORLDS[number]
    turn = f"&theta={theta}" if theta else ""
    source = f"synth:{name}?articles=300&chunks=40&dim=64&a={a}{turn}"
    world = World(name, 300, 40, 64, a=a, **({"theta": float(theta)} if theta else {}))
    windows = Windows(open_split(source), 5, 1)
    context = windows.context(np.arange(len(windows))).astype(np.float64)
    perfect, last = bayes_prediction(world, context), context[:, -1]
    players = {
        "perfect": perfect,
        "copier": last,
        "centroid": context.mean(axis=1),
        "maximiser": a * perfect - last,  # μ - x_last (docs/methods.md#escape)
    }
    for who, q in players.items():
        share = column(windows, of_unit(q)).mean()
        assert share == pytest.approx(KNOWN[who][number], abs=0.01), who
        assert share <= column(windows, of_unit(perfect)).mean()


def test_the_margin_over_the_best_outside_prefers_a_copier():
    # Why the rule is a share: of the mean margins, the copier's is larger (docs/methods.md#5cat).
    world = World("rotation", 100, 40, 64)
    windows = Windows(open_split("synth:rotation?articles=100&chunks=40&dim=64"), 5, 1)
    context = windows.context(np.arange(len(windows)))
    perfect = of_unit(bayes_prediction(world, context))
    margins = [column(windows, q, "fair").mean() for q in (perfect, context[:, -1])]
    assert margins == pytest.approx([0.284, 0.553], abs=0.02)


@pytest.mark.parametrize("h", [1, 2, 3])
def test_a_random_direction_is_right_by_chance(split_of, h):
    rng = np.random.default_rng(h)
    windows = Windows(split_of(unit_rows(rng, 6000, 24), [60] * 100), 4, h)
    assert len(outside_offsets(4, h)) == 5 + h
    q = unit_rows(rng, len(windows), 24)
    chance = 1 / (6 + h)
    assert column(windows, q, "chance_accuracy").mean() == pytest.approx(chance)
    values = column(windows, q)
    error = math.sqrt(chance * (1 - chance) / len(values.rows))
    assert values.mean() == pytest.approx(chance, abs=4 * error)


def test_windows_count_that_have_every_offset(split_of):
    rng = np.random.default_rng(0)
    # K = 3, h = 2: three chunks before the window, one between, three after the target.
    windows = Windows(split_of(unit_rows(rng, 26, 5), [13, 12, 1]), 3, 2)
    values = column(windows, unit_rows(rng, len(windows), 5))
    places = zip(windows.article[values.rows].tolist(), windows.position[values.rows].tolist())
    assert list(places) == [(0, 3), (0, 4), (0, 5), (1, 3), (1, 4)]
    short = Windows(split_of(unit_rows(rng, 10, 5), [10]), 3, 2)
    q = unit_rows(rng, len(short), 5)
    assert "offsets.accuracy" not in offset_metrics(short, q, offset_sweep(short, q))


def test_ties_are_half_however_many(split_of):
    rng = np.random.default_rng(1)
    vectors = unit_rows(rng, 11, 6)
    windows = Windows(split_of(vectors, [11]), 4, 1)  # one window counts: target 7
    q = vectors[windows.rows + windows.target_offset]
    assert column(windows, q).values.tolist() == [1.0]
    for copies, value in (([0], 0.5), ([0, 9, 10], 0.5)):
        again = vectors.copy()
        again[copies] = vectors[7]
        assert column(Windows(split_of(again, [11]), 4, 1), q).values.tolist() == [value]
    again[3:7] = vectors[7]  # in the window it does not count
    again[[0, 9, 10]] = vectors[[0, 9, 10]]
    assert column(Windows(split_of(again, [11]), 4, 1), q).values.tolist() == [1.0]


@pytest.mark.parametrize(("step", "away"), [(1e-8, 0.5), (1e-7, 0.5), (1e-3, 1.0)])
def test_cosines_that_float32_cannot_tell_apart_tie(split_of, step, away):
    rng = np.random.default_rng(2)
    vectors = unit_rows(rng, 11, 48)
    target = vectors[7].astype(np.float64)
    for sign, value in ((1, away), (-1, 1 - away)):
        other = vectors.copy()
        # A little further from q than the target, or nearer to it.
        other[9] = vectors[7]
        other[9, 0] += step
        exact = other[9].astype(np.float64)
        exact /= np.linalg.norm(exact)
        apart = exact - target / np.linalg.norm(target)
        q = of_unit((target - sign * apart / max(step, 1e-5))[None]).repeat(7, axis=0)
        windows = Windows(split_of(other, [11]), 4, 1)
        assert column(windows, q).values.tolist() == [value]
