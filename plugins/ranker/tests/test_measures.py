"""Every measure against an explicit loop in float64."""

from __future__ import annotations

import math

import pytest
import torch
from lvmctl_ranker import measures as module
from lvmctl_ranker.measures import Measures
from lvmctl_ranker.neighbours import nearest_lists, neighbours
from lvmctl_ranker.options import GROUPS

from lvmctl import Pool

LONG = 12


def mean(values: list[float]) -> float:
    return math.fsum(values) / len(values) if values else 0.0


class Slow:
    """The measures of one candidate x for one context."""

    def __init__(self, context: torch.Tensor, others: list[torch.Tensor], x: torch.Tensor):
        self.context, self.x = list(context), x
        self.pool = [*others, x]
        self.near = sorted((float(o @ x) for o in others), reverse=True)
        self.mu = sum(self.pool) / len(self.pool)

    def cos(self) -> list[float]:
        return [float(c @ self.x) for c in self.context]

    def cosine(self) -> list[float]:
        return self.cos()

    def centred(self) -> list[float]:
        moved = [v - self.mu for v in (*self.context, self.x)]
        *context, x = [v / v.norm() for v in moved]
        return [float(c @ x) for c in context]

    def density(self) -> list[float]:
        return [mean(self.near[:m]) for m in (1, 3, 10, len(self.near))]

    def csls(self) -> list[float]:
        around = [mean(sorted((float(c @ o) for o in self.pool), reverse=True)[:10])
                  for c in self.context]  # fmt: skip
        return [2 * a - mean(self.near[:10]) - b for a, b in zip(self.cos(), around)]

    def rank(self) -> list[float]:
        return [
            math.log1p(min(LONG, sum(float(c @ o) > a + 1e-5 for o in self.pool)))
            for c, a in zip(self.context, self.cos())
        ]

    def mutual(self) -> list[float]:
        above = [sum(n > a for n in self.near[:16]) for a in self.cos()]
        return [math.log1p(r) for r in above] + [1 / (1 + r) for r in above]

    def smooth(self) -> list[float]:
        others = sorted(self.pool[:-1], key=lambda o: -float(o @ self.x))[:3]
        return [mean([float(c @ o) for o in others]) for c in self.context]

    def feedback(self) -> list[float]:
        values = []
        for c in (self.context[0], self.context[-1]):
            weights = [math.exp(float(c @ o) / 0.1) for o in self.pool]
            total = sum(w * o for w, o in zip(weights, self.pool))
            values.append(float(self.x @ total / total.norm()))
        return values

    def shape(self) -> list[float]:
        cos, k = self.cos(), len(self.context)
        ramp = [i - (k - 1) / 2 for i in range(k)]
        square = sum(r * r for r in ramp)
        slopes = [sum(r * c for r, c in zip(ramp, v)) / square for v in (cos, self.centred())]
        return [*slopes, cos[-1] - max(cos[:-1]), max(cos), mean(cos), self.near[0] - cos[-1]]


@pytest.fixture(scope="module", params=["shared", "own"])
def case(request, article):
    """Measures of every window of an article, and what they are measures of."""
    context, pool, _ = article(25, dim=7)
    if request.param == "own":
        rows = torch.stack([torch.randperm(25) for _ in context])
        pool = Pool(pool.vectors[rows], pool.candidates.gather(1, rows))
    near = neighbours(pool.candidates, nearest_lists(pool, 3))
    return Measures(context, pool, near), context, pool


@pytest.mark.parametrize("group", GROUPS)
def test_a_group_is_what_it_says(case, group, monkeypatch):
    measures, context, pool = case
    monkeypatch.setattr(module, "LONG", LONG)  # shorter than the pool; read once
    values = getattr(measures, group)()
    assert values.shape == (*pool.candidates.shape, GROUPS[group](3))
    for row in (0, 10, 21):
        vectors = pool.vectors if pool.vectors.dim() == 2 else pool.vectors[row]
        candidates = pool.candidates[row].nonzero()[:, 0].tolist()
        for chunk in candidates[::5]:
            others = [vectors[n] for n in candidates if n != chunk]
            expected = getattr(Slow(context[row], others, vectors[chunk]), group)()
            assert values[row, chunk].tolist() == pytest.approx(expected, abs=1e-9)


def test_the_window_is_described_by_its_own_cosines(case):
    measures, context, _ = case
    values = measures.window()
    assert torch.equal(values[:, 0], values[:, -1])
    c = context[4]
    steps = mean([float(c[0] @ c[1]), float(c[1] @ c[2])])
    pairs = mean([float(a @ b) for a in c for b in c])
    assert values[4, 0].tolist() == pytest.approx([math.log(22), steps, pairs], abs=1e-9)


@pytest.mark.parametrize(("chunks", "k"), [(2, 1), (3, 2), (4, 1)])
def test_the_smallest_pools_give_finite_numbers(article, chunks, k):
    context, pool, _ = article(chunks, k=k)
    measures = Measures(context, pool, neighbours(pool.candidates, nearest_lists(pool, k)))
    for group in GROUPS:
        assert getattr(measures, group)().isfinite().all()


@pytest.mark.parametrize(("chunks", "k"), [(3, 2), (5, 2), (6, 3)])
def test_what_few_neighbours_say_is_a_mean_over_those_there_are(article, chunks, k):
    context, pool, _ = article(chunks, k=k)
    measures = Measures(context, pool, neighbours(pool.candidates, nearest_lists(pool, k)))
    for group in ("density", "csls", "smooth"):
        values = getattr(measures, group)()
        for row, candidates in enumerate(pool.candidates):
            for chunk in candidates.nonzero()[:, 0].tolist():
                others = [pool.vectors[n] for n in candidates.nonzero()[:, 0] if n != chunk]
                slow = Slow(context[row], others, pool.vectors[chunk])
                wanted = getattr(slow, group)()
                assert values[row, chunk].tolist() == pytest.approx(wanted, abs=1e-9)
