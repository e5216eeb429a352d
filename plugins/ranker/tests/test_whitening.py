"""Whitening against eigenvectors of each context's own covariance, whatever path it takes."""

from __future__ import annotations

import pytest
import torch
from lvmctl_ranker.whitening import SHRINK, whitened, window_left_out

from lvmctl import Pool


def slow(context: torch.Tensor, candidates: torch.Tensor) -> torch.Tensor:
    """Cosines of whitened windows (K, D) and candidates (n, D), all with all."""
    every = torch.cat([context, candidates])
    z = every - every.mean(dim=0)
    values, basis = torch.linalg.eigh(z.T @ z / len(z))
    y = (z @ basis) / (values + SHRINK * values.sum()).sqrt()
    y = y / y.norm(dim=-1, keepdim=True)
    return y @ y.T


@pytest.mark.parametrize("path", ["together", "each", "own", "other"])
def test_cosines_are_those_of_whitened_chunks(article, path):
    context, pool, _ = article(20, dim=30 if path == "own" else 6)
    if path == "each":  # a pool of candidates and others that are not the window's
        strange = torch.nn.functional.normalize(torch.randn(4, 6).double(), dim=-1)
        left_out = torch.zeros(len(context), 4, dtype=torch.bool)
        pool = Pool(torch.cat([pool.vectors, strange]), torch.cat([pool.candidates, left_out], 1))
    if path == "own":
        pool = Pool(pool.vectors.expand(len(context), -1, -1), pool.candidates)
    if path == "other":  # the candidates after the window alone
        after = torch.arange(20) > torch.arange(len(context))[:, None] + 2
        pool = Pool(pool.vectors, after)
    assert (path == "together") == (pool.vectors.dim() == 2 and window_left_out(context, pool))
    windows, white = whitened(context, pool)
    for row in (0, 7, 15):
        mask = pool.candidates[row]
        old, new = (p.vectors if p.vectors.dim() == 2 else p.vectors[row] for p in (pool, white))
        y = torch.cat([windows[row], new[mask]])
        assert torch.allclose(y @ y.T, slow(context[row], old[mask]), atol=1e-8)


def test_a_pool_of_equal_chunks_stays_finite():
    same = torch.nn.functional.normalize(torch.ones(1, 5), dim=-1)
    context, vectors = same.expand(2, 3, 5), same.expand(7, 5)
    windows, pool = whitened(context, Pool(vectors, torch.ones(2, 7, dtype=torch.bool)))
    assert windows.isfinite().all()
    assert pool.vectors.isfinite().all()
