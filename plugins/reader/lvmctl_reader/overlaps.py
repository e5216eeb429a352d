"""How much two chunks share, by several kinds of words, as products of rows of terms."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor

from lvmctl_reader.terms import Terms
from lvmctl_reader.vocabulary import Vocabulary

SMALL = 1_000
"""Chunks whose pairs are all held at once."""

WIDE, SEAM = 25, 10
"""Words at the end of a chunk and at the beginning of another that are compared."""

SINGLE = 3
"""Chunks that have a word which tells them apart."""

KINDS = (
    "idf",
    "rare",
    "names",
    "pairs",
    "stems",
    "wide",
    "seam",
    "single",
    "begun",
    "taken",
    "left",
)

Transform = Callable[[Tensor], Tensor]


class Overlap:
    """(n, n), [p, c] = Σ_v left[p, v]·right[c, v]: what a chunk c has of a chunk p before it."""

    def __init__(self, left: Terms, right: Terms, after: Transform | None = None) -> None:
        self.left, self.right, self.after = left, right, after
        self.held: Tensor | None = None
        if left.shape[0] <= SMALL:
            self.held = self.finished(left.dense() @ right.dense().T)
        else:
            self.rows_of_left, self.rows_of_right = left.sparse(), right.sparse()

    def rows(self, p: Tensor) -> Tensor:
        """(P, n) of chunks ``p`` (P,)."""
        if self.held is not None:
            return self.held[p]
        some = torch.stack([self.rows_of_left[int(one)].to_dense() for one in p])
        return self.finished((self.rows_of_right @ some.T).T)

    def finished(self, product: Tensor) -> Tensor:
        return product if self.after is None else self.after(product)


def overlaps(words: Vocabulary) -> dict[str, Overlap]:
    """The kinds of overlap by name.

    ``idf``: cosine of the words, each weighted by how rare it is in the training text; ``rare``: by
    that and by how rare it is among the chunks. ``wide`` and ``seam``: of the last words of p and
    the first of c. ``names``: of words with a capital. ``pairs``: of neighbouring words. ``stems``:
    of the beginnings of words. ``single``: log of the number of words that hardly another chunk
    has. ``begun`` and ``taken``: share of the first words of c, and of all, that p has. ``left``:
    share of p that c has.
    """
    idf = words.terms(words.idf)
    rare = words.terms(words.idf * words.rarity)
    begin = words.terms(words.idf, first=SEAM)
    few = words.chunks_with <= SINGLE
    single = words.terms(np.where(few, 1.0, 0.0))
    wide = words.terms(words.idf, last=WIDE), words.terms(words.idf, first=WIDE)
    seam = words.terms(words.idf, last=SEAM), begin
    both = {
        "idf": idf,
        "rare": rare,
        "names": words.terms(words.idf, named=True),
        "pairs": words.pairs(),
        "stems": words.stems(),
    }
    made = {name: Overlap(each.normal(), each.normal()) for name, each in both.items()}
    return made | {
        "wide": Overlap(wide[0].normal(), wide[1].normal()),
        "seam": Overlap(seam[0].normal(), seam[1].normal()),
        "single": Overlap(single, single, torch.log1p),
        "begun": Overlap(idf.there(), begin.shares()),
        "taken": Overlap(idf.there(), idf.shares()),
        "left": Overlap(idf.shares(), idf.there()),
    }
