"""Whitening against eigenvectors of each context's own covariance, whatever path it takes."""

from __future__ import annotations

import pytest
import torch
from lvmctl_ranker.whitening import SHRINK, _by_products, whitened, window_left_out

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


def test_chunks_that_are_nearly_equal_are_whitened():
    # Products of float32, of which inverses in float32 are off by more than keeps them definite.
    gram = torch.full((11, 11), 0.0014269509519)
    gram[9, :9] = gram[:9, 9] = 0.001426539
    gram[9, 9] = 0.00143361045
    gram[10, :9] = gram[:9, 10] = -0.014269128
    gram[9, 10] = gram[10, 9] = -0.014272477
    gram[10, 10] = 0.142694414
    white = _by_products(gram.double())
    assert white.isfinite().all()
    assert torch.allclose(white.norm(dim=-1), torch.ones(11).double())


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
@pytest.mark.parametrize("noise", [0.0, 1e-8, 1e-6, 1e-4, 1e-2])
@pytest.mark.parametrize("dim", [2, 8, 40])
def test_near_copies_are_whitened_as_the_definition_says(share, noise, dim):
    # A share of the pool is one chunk but for noise; with 8 contexts of 15 candidates each.
    generator = torch.Generator().manual_seed(dim)
    x = torch.randn(8, 18, dim, generator=generator, dtype=torch.float64)
    copies = round(18 * share)
    x[:, :copies] = x[:, :1] + noise * x[:, :copies]
    x = torch.nn.functional.normalize(x, dim=-1)
    context, vectors = x[:, :3], x[:, 3:]
    pool = Pool(vectors.float(), torch.ones(8, 15, dtype=torch.bool))
    windows, white = whitened(context.float(), pool)
    for made in (windows, white.vectors):
        assert made.dtype == torch.float32
        assert made.isfinite().all()
    if share < 1:
        y = torch.cat([windows, white.vectors], dim=1)[0].double()
        wanted = slow(context[0], vectors[0])
        assert torch.allclose(y @ y.T, wanted, atol=1e-3)
