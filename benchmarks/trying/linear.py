"""Linear fits to a store's chunks less their mean μ: a next chunk, a whitening, an arrow of time.

With ones beside the chunks, sums over articles give what the same sums of x - μ would have been.
"""

from __future__ import annotations

import torch
from lvmctl_ranker.fitting import guessed_from, soft_root
from torch import Tensor
from torch.nn.functional import normalize

from trying.articles import Article
from trying.crossing import crossed_sums
from trying.lists import Feature

PENALTIES = (0.1, 1.0)
"""λ of the ridges, in mean eigenvalues."""

SOFT = 0.1
"""Mean variances that are added before whitening."""

LAGS = (1, 2, 3)


def summary(window: Tensor) -> Tensor:
    """[newest, the one before, mean] of windows (W, K, D), (W, 3D)."""
    return guessed_from(window)[:, 0]


def ridge_map(moment: Tensor, cross: Tensor, penalty: float) -> Tensor:
    """(M + λ·tr(M)/n)⁻¹·C for M (n, n) and C (n, ·)."""
    eye = torch.eye(len(moment))
    return torch.linalg.solve(moment + penalty * moment.diagonal().mean() * eye, cross)


# ------------------------------------------------------------------ the next chunk


def ridge_sums(article: Article) -> list[Tensor]:
    """Σ [p, 1]ᵀ[p, y, 1] (3D + 1, 4D + 1), p the summary and y the target; Σ x (D,) and n."""
    summaries, x = summary(article.context), article.chunks
    target, bias = x[article.targets], torch.ones(len(summaries), 1)
    left, right = torch.cat([summaries, bias], dim=1), torch.cat([summaries, target, bias], dim=1)
    return [left.T @ right, x.sum(dim=0), torch.tensor(float(len(x)))]


def ridge_feature(sums: Tensor, total: Tensor, count: Tensor) -> Feature:
    """(W, n, 2), cosines of x - μ with a ridge's guess of the next chunk less μ."""
    mean = total / count
    dim, four = len(mean), mean.repeat(4)
    left = sums[:-1] - torch.outer(four[: 3 * dim], sums[-1])
    moments = left[:, :-1] - torch.outer(left[:, -1], four)
    maps = [ridge_map(moments[:, : 3 * dim], moments[:, 3 * dim :], each) for each in PENALTIES]

    def feature(article: Article) -> Tensor:
        summaries, x = summary(article.context - mean), normalize(article.chunks - mean, dim=-1)
        return torch.stack([normalize(summaries @ each, dim=-1) @ x.T for each in maps], dim=-1)

    return feature


ridge = crossed_sums(ridge_sums, ridge_feature)

# ------------------------------------------------------------------ whitening by the store


def covariance_sums(article: Article) -> list[Tensor]:
    """Σ x xᵀ (D, D), Σ x (D,) and n."""
    x = article.chunks
    return [x.T @ x, x.sum(dim=0), torch.tensor(float(len(x)))]


def whitened_feature(second: Tensor, total: Tensor, count: Tensor) -> Feature:
    """(W, n, K), cosines with the window after (S + λ)^(-1/2)·(x - μ), S the store's covariance."""
    mean = total / count
    root = soft_root(second / count - torch.outer(mean, mean), SOFT)

    def feature(article: Article) -> Tensor:
        z = normalize((article.chunks - mean) @ root, dim=-1)
        return torch.einsum("wkr,nr->wnk", z[article.places], z)

    return feature


whitened = crossed_sums(covariance_sums, whitened_feature)

# ------------------------------------------------------------------ an arrow of time


def arrow_sums(article: Article) -> list[Tensor]:
    """:func:`covariance_sums`, and for each lag [x_t, 1]ᵀ[x_{t+k}, 1] (D + 1, D + 1) added up."""
    x = torch.cat([article.chunks, torch.ones(len(article.chunks), 1)], dim=1)
    return [*covariance_sums(article), torch.stack([x[:-lag].T @ x[lag:] for lag in LAGS])]


def arrow_feature(second: Tensor, total: Tensor, count: Tensor, lagged: Tensor) -> Feature:
    """(W, n, 9), zᵀ(G_k - G_kᵀ)z' for z' a candidate and z the newest, the oldest, the mean chunk.

    All are whitened, and G_k is the lag covariance of whitened chunks.
    """
    mean = total / count
    root = soft_root(second / count - torch.outer(mean, mean), SOFT)
    shift = torch.cat([torch.eye(len(mean)), -mean[None]])  # [x, 1]·shift = x - μ
    turned = root.T @ shift.T @ (lagged / count) @ shift @ root
    forms = turned - turned.mT

    def feature(article: Article) -> Tensor:
        z = (article.chunks - mean) @ root
        window = z[article.places]
        points = torch.stack([window[:, -1], window[:, 0], window.mean(dim=1)], dim=1)
        return torch.cat([(points @ form @ z.T).mT for form in forms], dim=-1)

    return feature


arrow = crossed_sums(arrow_sums, arrow_feature)
