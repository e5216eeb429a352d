"""What the words of the texts say, by group, beside P9's cosine features."""

from __future__ import annotations

from functools import cache

import torch
from lvmctl_ranker.fitting import FOLDS
from lvmctl_reader.chunk_texts import ChunkTexts
from lvmctl_reader.lexicon import Lexicon
from lvmctl_reader.reading import Reading
from lvmctl_reader.text_measures import GROUPS, TextMeasures
from torch import Tensor

from trying.articles import Article
from trying.lists import Feature
from trying.scoring import Fit


def words(without: str = "") -> Fit:
    """The groups of measures of texts; what is learned of words is cross-fitted by article."""
    groups = [name for name in GROUPS if name != without]

    def fitted(training: tuple[Article, ...]) -> Feature:
        fold = {article: number % FOLDS for number, article in enumerate(training)}
        lexicon = Lexicon()
        lexicon.learn((fold[article], readings(article)) for article in training)
        tables = [lexicon.of_fold(number) for number in range(FOLDS + 1)]

        def feature(article: Article) -> Tensor:
            texts = ChunkTexts(readings(article), *tables[fold.get(article, FOLDS)])
            chunks = torch.arange(len(article.chunks))
            measures = TextMeasures(texts, article.places, chunks, article.candidates)
            numbers = torch.cat([getattr(measures, name)() for name in groups], dim=-1)
            window = measures.window().expand(-1, numbers.shape[1], -1)
            return torch.cat([numbers, window], dim=-1)

        return feature

    return fitted


@cache
def readings(article: Article) -> list[Reading]:
    """Of an article's texts, kept in memory."""
    return [Reading.of(text) for text in article.texts]
