"""Lists of neighbours against sorting each row, whatever path found them."""

from __future__ import annotations

import pytest
import torch
from lvmctl_ranker import neighbours as module
from lvmctl_ranker.neighbours import NONE, nearest_lists, neighbours

from lvmctl import Pool


def slow(vectors: torch.Tensor, candidates: torch.Tensor, chunk: int, most: int) -> list[int]:
    """The ``most`` nearest candidates of a chunk, without itself."""
    cosines = (vectors @ vectors[chunk]).tolist()
    others = [n for n in candidates.nonzero()[:, 0].tolist() if n != chunk]
    return sorted(others, key=lambda n: -cosines[n])[:most]


def listed(pool: Pool, spare: int, row: int, chunk: int) -> list[int]:
    """What was found for a chunk of one context, nearest first."""
    lists = neighbours(pool.candidates, nearest_lists(pool, spare))
    group = 0 if len(lists.chunks) == 1 else row
    real = lists.real[row, chunk]
    assert torch.equal(lists.passed[row, chunk], real.cumsum(0, dtype=torch.int16))
    assert (lists.cosines[group, chunk][real] > NONE).all()
    return lists.chunks[group, chunk][real].tolist()


@pytest.mark.parametrize("tile", [1, 10**6])
@pytest.mark.parametrize("spare", [0, 3])
def test_the_nearest_candidates_come_first(article, monkeypatch, tile, spare):
    monkeypatch.setattr(module, "TILE", tile)
    _, pool, _ = article(27)
    shared = len(nearest_lists(pool, spare).chunks) == 1
    assert shared == (spare >= 3)
    for row in (0, 11, 23):
        for chunk in range(27):
            reference = slow(pool.vectors, pool.candidates[row], chunk, 99)
            nearest = listed(pool, spare, row, chunk)
            assert nearest == reference[: len(nearest)]
            assert len(nearest) >= min(module.NEAREST, len(reference))


def test_a_context_that_leaves_out_more_than_the_others_misses_no_neighbour(article):
    _, pool, _ = article(60)
    near = (pool.vectors @ pool.vectors[0]).argsort(descending=True)
    pool.candidates[0, near[:35]] = False
    for row in (0, 1):
        for chunk in (0, 20, 59):
            reference = slow(pool.vectors, pool.candidates[row], chunk, module.NEAREST)
            assert listed(pool, 3, row, chunk)[: module.NEAREST] == reference


def test_contexts_may_have_pools_of_their_own(article):
    _, pool, _ = article(9)
    rows = torch.stack([torch.randperm(9) for _ in pool.candidates])
    some = Pool(pool.vectors[rows], pool.candidates.gather(1, rows))
    for row in range(len(rows)):
        for chunk in range(9):
            nearest = rows[row][listed(some, 3, row, chunk)].tolist()
            expected = slow(pool.vectors, pool.candidates[row], rows[row, chunk], 99)
            assert nearest == expected


@pytest.mark.parametrize("separate", [False, True])
def test_a_neighbour_is_found_by_its_place_and_by_what_is_nearer(article, separate):
    _, pool, _ = article(30)
    pools = Pool(pool.vectors.expand(27, -1, -1), pool.candidates) if separate else pool
    lists = neighbours(pool.candidates, nearest_lists(pools, 3))
    level = torch.linspace(-0.9, 0.9, 7, dtype=torch.float64).expand(27, 30, 7)
    above, second, third = lists.above(level), lists.at(2), lists.at(3)
    for row, chunk in [(0, 0), (13, 29), (26, 4)]:
        order = slow(pool.vectors, pool.candidates[row], chunk, module.NEAREST)
        cosines = (pool.vectors @ pool.vectors[chunk])[order]
        expected = [int((cosines > cosine).sum()) for cosine in level[0, 0]]
        assert above[row, chunk].tolist() == expected
        for place, (chunks, nearness, there) in ((2, second), (3, third)):
            assert there[row, chunk]
            assert chunks[row, chunk] == order[place - 1]
            assert nearness[row, chunk].item() == pytest.approx(cosines[place - 1].item())


def test_a_pool_of_one_has_no_neighbours():
    single = Pool(torch.ones(1, 1), torch.ones(2, 1, dtype=torch.bool))
    assert not neighbours(single.candidates, nearest_lists(single, 3)).real.any()
