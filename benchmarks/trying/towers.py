"""Ridge maps within articles: the chunks some way ahead of a window, or before it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from lvmctl_ranker.fitting import soft_root
from torch import Tensor
from torch.nn.functional import normalize

from trying.articles import Article
from trying.crossing import crossed_sums
from trying.linear import ridge_map, summary
from trying.lists import Feature
from trying.scoring import Fit

SOFT, PENALTY = 1.0, 1.0
"""Of the whitening and of the ridge, in mean variances."""

AHEAD = (1, 2, 3, 5)


def tower_sums(ahead: Sequence[int]) -> Callable[[Article], list[Tensor]]:
    """Sums over an article's chunks z less their mean: Σ zᵀz (D, D), n, Σ pᵀp (3D, 3D) and Σ pᵀy
    (H, 3D, D) for the chunks y that are ``ahead``; then both of the reversed article."""

    def sums(article: Article) -> list[Tensor]:
        sums = [article.centred.T @ article.centred, torch.tensor(float(len(article.chunks)))]
        for z in (article.centred, article.centred.flip(0)):
            summaries = summary(z[article.places])
            cross = torch.zeros(len(ahead), summaries.shape[1], z.shape[1])
            for index, steps in enumerate(ahead):
                y = z[article.targets[: max(0, len(summaries) - steps + 1)] + steps - 1]
                cross[index] = summaries[: len(y)].T @ y
            sums += [summaries.T @ summaries, cross]
        return sums

    return sums


def tower_maps(root: Tensor, moment: Tensor, cross: Tensor) -> Tensor:
    """(H, 3D, D) ridge maps between whitened chunks."""
    three = torch.kron(torch.eye(3), root.contiguous())
    moment = three.T @ moment @ three
    return torch.stack([ridge_map(moment, three.T @ each @ root, PENALTY) for each in cross])


def agreements(maps: Tensor, window: Tensor, z: Tensor) -> Tensor:
    """(W, n, 2H), cosines and products of chunks z (n, D) with what the maps say of a window."""
    guess = (summary(window) @ maps).movedim(0, 1)  # (W, H, D)
    size = z.square().sum(dim=-1).mean().sqrt()
    scores = [normalize(guess, dim=-1) @ normalize(z, dim=-1).T, guess @ z.T / size]
    return torch.cat(scores, dim=1).mT


def horizons_feature(
    second: Tensor, count: Tensor, moment: Tensor, cross: Tensor, *_: Tensor
) -> Feature:
    """(W, n, 2H) of the maps to the chunks ahead."""
    root = soft_root(second / count, SOFT)
    maps = tower_maps(root, moment, cross)

    def feature(article: Article) -> Tensor:
        z = article.centred @ root
        return agreements(maps, z[article.places], z)

    return feature


def backward_feature(
    second: Tensor, count: Tensor, moment: Tensor, cross: Tensor, back: Tensor, before: Tensor
) -> Feature:
    """(W, n, 6): the forward tower, the backward one on the reversed window, their difference."""
    root = soft_root(second / count, SOFT)
    forward, backward = tower_maps(root, moment, cross), tower_maps(root, back, before)

    def feature(article: Article) -> Tensor:
        z = article.centred @ root
        window = z[article.places]
        after = agreements(forward, window, z)
        ahead = agreements(backward, window.flip(1), z)
        return torch.cat([after, ahead, after - ahead], dim=-1)

    return feature


horizons: Fit = crossed_sums(tower_sums(AHEAD), horizons_feature)
backward: Fit = crossed_sums(tower_sums(AHEAD[:1]), backward_feature)
