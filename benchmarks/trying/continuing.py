"""What an encoder says that was fine-tuned on which chunk continues another."""

from __future__ import annotations

from functools import cache

import torch
from lvmctl_ranker.fitting import FOLDS
from lvmctl_reader.chunk_texts import predecessors
from lvmctl_reader.continuation import Continuation, Follows
from lvmctl_reader.text_measures import AGES, RIVALS, TINY
from lvmctl_reader.work import Work
from torch import Tensor

from lvmctl import Chunks
from lvmctl.data.chunk_source import TextList
from trying.articles import Article, K
from trying.lists import Feature
from trying.scoring import Fit, Scoring
from trying.words import words


class Encoders:
    """Encoders of a training's articles, and the folds that these are in."""

    def __init__(self, training: tuple[Article, ...]) -> None:
        self.fold = {article: number % FOLDS for number, article in enumerate(training)}
        texts = ((fold, list(article.texts)) for article, fold in self.fold.items())
        torch.manual_seed(0)
        self.continuation = Continuation()
        self.continuation.learn(texts, K, Work())

    def overlaps(self, article: Article) -> list[Follows]:
        """Forward and backward, of an article's chunks."""
        size = len(article.chunks)
        chunks = Chunks(torch.arange(size), source_of(article), ("text",))
        fold = self.fold.get(article, FOLDS)
        made = self.continuation.overlaps([chunks], torch.arange(size).numpy(), fold)
        return list(made.values())


@cache
def source_of(article: Article) -> TextList:
    """Its texts; one object, so that they are read once."""
    return TextList(list(article.texts))


encoders = cache(Encoders)
"""Trained once for the rows that share a training."""


def continuing(training: tuple[Article, ...]) -> Feature:
    """(W, n, 16) cosines as P10 reads them, forward and backward."""
    made = encoders(training)

    def feature(article: Article) -> Tensor:
        return torch.cat([measures(each, article) for each in made.overlaps(article)], dim=-1)

    return feature


def measures(follows: Follows, article: Article) -> Tensor:
    """(W, n, 8) cosines of the four newest chunks with a candidate, their mean and largest over the
    window; the newest one's less the mean of the three best predecessors', and its rank."""
    size = len(article.chunks)
    each = follows.rows(article.places.flatten()).view(*article.places.shape, size).mT
    recent, last = each[..., -AGES:].flip(-1), each[..., -1:]
    best, before = predecessors(follows, size)
    there = article.candidates[:, before]
    top = there & (there.cumsum(dim=-1) <= RIVALS)
    mean = (best * top).sum(dim=-1, keepdim=True) / top.sum(dim=-1, keepdim=True).clamp_min(1)
    larger = (there & (best > last + TINY)).sum(dim=-1, keepdim=True).to(last).log1p()
    whole = each.mean(dim=-1, keepdim=True), each.amax(dim=-1, keepdim=True)
    return torch.cat([recent, *whole, last - mean, larger], dim=-1)


def follows_alone(training: tuple[Article, ...]) -> Scoring:
    """The cosine of the newest chunk's end with a candidate's beginning."""
    made = encoders(training)
    return lambda article: made.overlaps(article)[0].rows(article.places[:, -1])


def beside_words(fit: Fit) -> Fit:
    """What ``fit`` gives, beside all that P10 reads of the words."""

    def fitted(training: tuple[Article, ...]) -> Feature:
        first, second = words()(training), fit(training)
        return lambda article: torch.cat([first(article), second(article)], dim=-1)

    return fitted
