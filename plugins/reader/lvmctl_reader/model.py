"""P10's model: P9's, which also reads the texts of what it ranks."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import torch
from lvmctl_ranker.features import Numbers
from lvmctl_ranker.fitting import FOLDS, fold_of
from lvmctl_ranker.model import Ranker
from torch import Tensor

from lvmctl import Pool, Shape
from lvmctl_reader.continuation import KINDS, Continuation
from lvmctl_reader.lexicon import Lexicon
from lvmctl_reader.memory import Memory
from lvmctl_reader.options import TEXT_GROUPS, ReaderOptions
from lvmctl_reader.pool_texts import PoolTexts
from lvmctl_reader.reading import Reading
from lvmctl_reader.text_measures import OF_WINDOW, width
from lvmctl_reader.work import SILENT, Partial, Progress, Work

if TYPE_CHECKING:
    from lvmctl import Windows

FAR = 4.0
"""Deviations from what was seen in training that count, at most."""

NOT_FINE_TUNED = (
    "--set continuation=true also fine-tunes a small encoder on these texts first: "
    "it ranks better, and takes minutes"
)
"""What is said where the encoder could be, whether or not its weights are installed."""


class Reader(Ranker):
    """:class:`~lvmctl_ranker.model.Ranker`, whose scorer also knows
    :class:`~lvmctl_reader.text_measures.TextMeasures`.

    What is learned of words from the training text is learned once without each part of its
    articles and once of all: in training, a window is read with what the other parts taught.

    Shapes: context (B, K, D) → q (B, D), weights α (B, K) on the simplex.
    """

    def __init__(self, options: ReaderOptions, shape: Shape) -> None:
        groups = [name for name in TEXT_GROUPS if name not in options.without]
        more = width(groups, len(KINDS) if options.continuation else 0) + OF_WINDOW
        super().__init__(options, shape, more, FAR)
        self.continuation = Continuation() if options.continuation else None
        self.text_groups = groups
        self.lexicon = Lexicon()
        self.memory = Memory()
        self.register_load_state_dict_post_hook(lambda *_: self.forget())

    def forget(self) -> None:
        """Keep nothing of what was read and measured before."""
        self.memory.forget()
        self.measured.forget()

    def fit(
        self,
        windows: Windows,
        progress: Progress = SILENT.progress,
        partial: Partial | None = None,
        info: Callable[[str], object] = SILENT.info,
    ) -> None:
        """Learn what the training text is like, its words too, before the scorer is trained."""
        super().fit(windows)
        self.forget()
        if self.continuation is not None:
            self.continuation.fit(windows, Work(progress, partial))
        else:
            info(NOT_FINE_TUNED)
        split = windows.split

        def articles() -> Iterator[tuple[int, list[Reading]]]:
            for number in np.unique(windows.article):
                rows = np.arange(split.lengths[number]) + split.starts[number]
                chunks = replace(windows.at(rows), reads=("text",))
                yield int(fold_of(number)), self.memory.read(chunks)

        self.lexicon.learn(articles())

    def numbers(self, context: Tensor, pool: Pool) -> Iterator[Numbers]:
        if self.training and pool.article is not None:
            folds = fold_of(pool.article).cpu().numpy()
        else:
            folds = np.full(len(context), FOLDS)
        tables = cache(self.lexicon.of_fold)
        texts = PoolTexts(pool, self.text_groups, folds, tables, self.memory, self.continuation)
        low = 0
        for each in super().numbers(context, pool):
            part = slice(low, low := low + len(each.real))
            more, window = (x.to(context) for x in texts.measures(part))
            yield replace(each, more=more, window=torch.cat([each.window, window], dim=-1))
