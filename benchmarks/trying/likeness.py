"""What was tried beside the numbers of words that P10 reads: rows of `read-...`."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
import torch
from lvmctl_ranker.fitting import FOLDS
from lvmctl_ranker.scorer import network
from lvmctl_reader.chunk_texts import ChunkTexts
from lvmctl_reader.lexicon import BUCKETS, PLACES
from lvmctl_reader.terms import SOFT
from lvmctl_reader.vocabulary import Vocabulary
from torch import Tensor, nn
from torch.nn import functional

from trying.articles import Article, K
from trying.lists import Feature, measured
from trying.words import readings

FAR = 5.0
RATE, EPOCHS, HIDDEN, LONG = 3e-3, 6, 16, 60
"""Of the scorer of pairs, and the most chunks of an article that it learns from at a time."""

UNTAUGHT = np.zeros(BUCKETS, np.float32), np.zeros((len(PLACES), BUCKETS), np.float32)
"""What is known of words before anything is learned."""


def texts_of(article: Article) -> ChunkTexts:
    """Its texts, of whose words nothing is learned elsewhere."""
    return ChunkTexts(readings(article), *UNTAUGHT)


def overlaps_of(article: Article) -> Tensor:
    """(F, n, n), [f, p, c] in deviations of the chunks c other than p."""
    pairs = texts_of(article).pairs(torch.arange(len(article.chunks)))
    others = (~torch.eye(len(article.chunks), dtype=torch.bool)).float()
    share = others / others.sum(dim=1, keepdim=True)
    gap = pairs - (pairs * share).sum(dim=2, keepdim=True)
    deviation = (gap.square() * share).sum(dim=2, keepdim=True).sqrt() + 1e-3
    return (gap / deviation).clamp(-FAR, FAR)


def fixed(feature: Feature) -> Callable[[tuple[Article, ...]], Feature]:
    """A feature that nothing is fitted for."""
    return lambda training: feature


def transitions(article: Article) -> Tensor:
    """(W, n, 2F) each kind of overlap, times that of the window's own chunks with their successors,
    on average; and that mean."""
    z, places = overlaps_of(article), article.places
    own = z[:, places[:, :-1], places[:, 1:]].mean(dim=-1)  # (F, W)
    product = own[..., None] * z[:, places[:, -1]]
    return torch.cat([product, own[..., None].expand_as(product)]).permute(1, 2, 0)


def likeness(article: Article) -> Tensor:
    """(W, n, 2U) style and places of a candidate, times those of the newest chunk and of the
    window's mean, in the article's deviations."""
    alone = texts_of(article).alone
    z = ((alone - alone.mean(dim=0)) / (alone.std(dim=0) + 1e-3)).clamp(-FAR, FAR)
    window = z[article.places]
    return torch.cat([window[:, -1:] * z, window.mean(dim=1, keepdim=True) * z], dim=-1)


def chains(article: Article) -> Tensor:
    """(W, n, 16) what a candidate has of the window's words: those that are new in the newest
    chunk, kept there, dropped before it, and of the three chunks before it; of all words and of
    names, as a share and as a cosine."""
    words = Vocabulary(readings(article), UNTAUGHT[0])
    made = []
    for terms in (words.terms(words.idf), words.terms(words.idf, named=True)):
        has, weight = terms.there().dense() > 0, terms.dense().amax(dim=0).square()
        size = (has * weight).sum(dim=1, keepdim=True) + SOFT**2
        for window in article.places:
            last, old = has[window[-1]], has[window[:-1]].any(dim=0)
            recent = has[window[-4:-1]].any(dim=0)
            sets = [last & ~old, last & old, old & ~last, recent & ~last]
            masses = torch.stack(sets, dim=1) * weight[:, None]
            shared = has.float() @ masses
            cosine = shared / (size * (masses.sum(dim=0) + SOFT**2)).sqrt()
            made.append(torch.cat([shared / size, cosine], dim=1))
    each = torch.stack(made).unflatten(0, (2, len(article.places)))
    return each.permute(1, 2, 0, 3).flatten(2)


class Pairs(nn.Module):
    """A score of p before c, trained by the softmax of the successor and of the predecessor."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.dropout = nn.Dropout(0.2)
        self.network = network(width, HIDDEN, 0.2)

    def forward(self, x: Tensor) -> Tensor:
        return self.network(self.dropout(x))[..., 0]


@cache
def pair_features(article: Article) -> Tensor:
    """Half precision (n, n, ·): overlaps of p and c in deviations, and both by themselves."""
    size, forward = len(article.chunks), overlaps_of(article)
    cosines = article.centred @ article.centred.T
    alone = texts_of(article).alone
    z = ((alone - alone.mean(dim=0)) / (alone.std(dim=0) + 1e-3)).clamp(-FAR, FAR)
    both = [forward.permute(1, 2, 0), forward.permute(2, 1, 0), 10 * cosines[..., None]]
    alone = [z.expand(size, -1, -1), z[:, None].expand(-1, size, -1)]
    return torch.cat([*both, *alone], dim=-1).half()


def pairs(training: tuple[Article, ...]) -> Feature:
    """(W, n, 3) a trained score of pairs, cross-fitted by article: of the newest chunk, less log of
    the sum over all predecessors in the pool, and how many of these score higher."""
    used = measured(training)
    fold = {article: number % FOLDS for number, article in enumerate(used)}
    nets = [trained([a for a in used if fold[a] != out]) for out in range(FOLDS + 1)]

    @torch.no_grad()
    def feature(article: Article) -> Tensor:
        scores = nets[fold.get(article, FOLDS)](pair_features(article).float())
        scores.fill_diagonal_(-1e4)
        last = scores[article.places[:, -1]]
        rivals = scores[None].expand(len(last), -1, -1)
        inside = torch.zeros(last.shape, dtype=torch.bool).scatter(1, article.places[:, :-1], True)
        rivals = rivals.masked_fill(inside[..., None], -1e4)
        share = last - rivals.logsumexp(dim=1)
        larger = (rivals > last[:, None]).sum(dim=1).float().log1p()
        return torch.stack([last, share, larger], dim=-1)

    return feature


def trained(articles: list[Article]) -> Pairs:
    """A score of pairs, of articles."""
    torch.manual_seed(0)
    rng, net = np.random.default_rng(0), None
    steps = EPOCHS * len(articles)
    for step in range(steps):
        article = articles[rng.integers(len(articles))]
        start = int(rng.integers(max(1, len(article.chunks) - LONG + 1)))
        x = pair_features(article)[start : start + LONG, start : start + LONG].float()
        if net is None:
            net = Pairs(x.shape[-1])
            optimizer = torch.optim.AdamW(net.parameters(), lr=RATE)
        place = torch.arange(len(x))
        back, scores = place[:, None] - place, net(x)
        after = scores.masked_fill((back >= 0) & (back < K), -1e4)
        before = scores.masked_fill(back == 0, -1e4).T
        loss = functional.cross_entropy(after[:-1], place[1:])
        loss = loss + functional.cross_entropy(before[1:], place[:-1])
        optimizer.param_groups[0]["lr"] = RATE * (1 - step / steps)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    assert net is not None
    return net.eval()


FITS = {
    "likeness": fixed(likeness),
    "transitions": fixed(transitions),
    "chains": fixed(chains),
    "pairs": pairs,
}
"""What is tried, by name."""
