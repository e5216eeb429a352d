"""A BERT encoder that can be trained: texts as token ids → a vector for each.

lvmctl-encoders has the arithmetic of inference, whose numbers are the same in any company of texts;
here tokens of many texts share a matrix and gradients flow, and a run is read without that package.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor, nn
from torch.nn import functional

STEP = 8
"""Texts are computed together whose lengths are the same up to a multiple of it."""

TOGETHER = 8192
"""Tokens that are computed together, padding included."""

Text = tuple[int, ...]
"""The tokens of a text."""


@dataclass(frozen=True)
class BertShape:
    """Sizes of an encoder; by default those of all-MiniLM-L6-v2."""

    words: int = 30_522
    positions: int = 512
    width: int = 384
    inner: int = 1_536
    heads: int = 12
    layers: int = 6


class Words(nn.Module):
    """Vectors (B, T, width) float32 of tokens (B, T) by themselves."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.words, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.norm = nn.LayerNorm(shape.width, 1e-12)

    def forward(self, tokens: Tensor) -> Tensor:
        places = self.positions.weight[: tokens.shape[1]].float()
        return self.norm(self.words(tokens).float() + places)


class Layer(nn.Module):
    """Attention and a network of two layers, each added and normalised: (S, width) → the same.

    Texts of one length after the other, whose tokens the rows are, attend to themselves. ``there``
    are (B, T) bool of B texts each, S the sum of all B·T; where it is False there is no token.
    """

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.heads = shape.heads
        self.read = nn.Linear(shape.width, 3 * shape.width)
        self.write = nn.Linear(shape.width, shape.width)
        self.attended = nn.LayerNorm(shape.width, 1e-12)
        self.up = nn.Linear(shape.width, shape.inner)
        self.down = nn.Linear(shape.inner, shape.width)
        self.fed = nn.LayerNorm(shape.width, 1e-12)

    def forward(self, x: Tensor, there: Sequence[Tensor]) -> Tensor:
        parts = self.read(x).split([each.numel() for each in there])
        attended = torch.cat([self.attend(part, each) for part, each in zip(parts, there)])
        x = self.attended(x + self.write(attended))
        return self.fed(x + self.down(functional.gelu(self.up(x))))

    def attend(self, x: Tensor, there: Tensor) -> Tensor:
        """Queries, keys and values (B·T, 3·width) of texts of one length → (B·T, width)."""
        query, key, value = x.view(*there.shape, 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        scores = query @ key.mT * query.shape[-1] ** -0.5
        if not there.all():
            scores = scores.masked_fill(~there[:, None, None], -torch.inf)
        # Fused attention is slower than this for texts as short as these, backward five times.
        return (scores.softmax(dim=-1) @ value).transpose(1, 2).reshape(len(x), -1)


class Layers(nn.ModuleList):
    """The mean over the tokens of a text of what the layers make of them, float32.

    Tokens of all texts are rows of one matrix, so that products are as large as they can be; texts
    of different lengths differ in their attention alone.

    Shapes: vectors of tokens, a list of (B, T, width), and which are there, of (B, T) bool → (N,
    width), N the sum of all B.
    """

    def __init__(self, shape: BertShape) -> None:
        super().__init__(Layer(shape) for _ in range(shape.layers))

    def forward(self, vectors: Sequence[Tensor], there: Sequence[Tensor]) -> Tensor:
        x = torch.cat([each.flatten(0, 1) for each in vectors])
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        for layer in self:
            x = layer(x, there)
        parts = x.float().split([each.numel() for each in there])
        means = [
            (part.view(*each.shape, -1) * each[..., None]).sum(dim=1) / each.sum(dim=1)[:, None]
            for part, each in zip(parts, there)
        ]
        return torch.cat(means)


Encode = Callable[[list[Tensor], list[Tensor]], Tensor]
"""Tokens (B, T) int64 of texts, those of a length together, and which are there, (B, T) bool, a
list of each → (N, ·), N the number of texts."""


def encoded(encode: Encode, texts: Sequence[Text]) -> Tensor:
    """Vectors (N, ·) of texts; each distinct one is computed once."""
    distinct = sorted(dict.fromkeys(texts), key=lambda text: (len(text), text))
    vectors = [encode(*map(list, zip(*map(padded, groups)))) for groups in batches(distinct)]
    place = {text: index for index, text in enumerate(distinct)}
    return torch.cat(vectors)[[place[text] for text in texts]]


def batches(texts: Sequence[Text]) -> Iterator[list[list[Text]]]:
    """Texts that are computed together, those of the same width beside each other."""
    batch: list[list[Text]] = []
    room = TOGETHER
    for width, group in groupby(texts, key=width_of):
        same, count = list(group), max(1, TOGETHER // width)
        for low in range(0, len(same), count):
            some = same[low : low + count]
            if batch and len(some) * width > room:
                yield batch
                batch, room = [], TOGETHER
            batch.append(some)
            room -= len(some) * width
    if batch:
        yield batch


def padded(texts: Sequence[Text]) -> tuple[Tensor, Tensor]:
    """Tokens (B, T) of texts of one width, zeros after a text's end, and which are there."""
    width = width_of(texts[0])
    tokens = torch.tensor([[*text, *[0] * (width - len(text))] for text in texts])
    lengths = torch.tensor([len(text) for text in texts])
    return tokens, torch.arange(width) < lengths[:, None]


def width_of(text: Text) -> int:
    """A text's tokens, up to a multiple of :data:`STEP`."""
    return -(-len(text) // STEP) * STEP
