"""A BERT encoder that can be trained: texts as token ids → a vector for each."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

import torch
from torch import Tensor, nn
from torch.nn import functional

STEP = 8
"""Texts are computed together whose lengths are the same up to a multiple of it."""

TOGETHER = 2048
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
    """Vectors (B, T, width) of tokens (B, T) by themselves."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.words = nn.Embedding(shape.words, shape.width)
        self.positions = nn.Embedding(shape.positions, shape.width)
        self.norm = nn.LayerNorm(shape.width, 1e-12)

    def forward(self, tokens: Tensor) -> Tensor:
        places = self.positions.weight[: tokens.shape[1]].float()
        return self.norm(self.words(tokens).float() + places)


class Layer(nn.Module):
    """Attention and a network of two layers, each added and normalised: (B, T, width) → the same.

    ``mask`` (B, 1, 1, T) is added to what attention compares.
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

    def forward(self, x: Tensor, mask: Tensor | None) -> Tensor:
        parts = self.read(x).view(*x.shape[:2], 3, self.heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = parts
        scores = query @ key.mT * query.shape[-1] ** -0.5
        # Fused attention is slower than this for texts as short as these, backward five times.
        attended = (scores if mask is None else scores + mask).softmax(dim=-1) @ value
        x = self.attended(x + self.write(attended.transpose(1, 2).reshape(x.shape)))
        return self.fed(x + self.down(functional.gelu(self.up(x))))


class Layers(nn.ModuleList):
    """The mean over the tokens of what the layers make of them: (B, T, width) → (B, width)
    float32; of each text the first ``lengths`` (B,) tokens are there."""

    def __init__(self, shape: BertShape) -> None:
        super().__init__(Layer(shape) for _ in range(shape.layers))

    def forward(self, x: Tensor, lengths: Tensor) -> Tensor:
        there = torch.arange(x.shape[1], device=x.device) < lengths[:, None]
        if torch.is_autocast_enabled(x.device.type):
            x = x.to(torch.get_autocast_dtype(x.device.type))
        mask = None
        if not there.all():
            hidden = torch.zeros_like(there, dtype=x.dtype).masked_fill(~there, -torch.inf)
            mask = hidden[:, None, None]
        for layer in self:
            x = layer(x, mask)
        return (x.float() * there[..., None]).sum(dim=1) / lengths[:, None]


def encoded(encode: Callable[[Tensor, Tensor], Tensor], texts: Sequence[Text]) -> Tensor:
    """Vectors (N, ·) of texts; each distinct one is computed once, beside others of its length.

    Args:
        encode: tokens (B, T) int64, zeros after a text's end, and lengths (B,) → (B, ·).
    """
    distinct = sorted(dict.fromkeys(texts), key=lambda text: (len(text), text))
    vectors = []
    for width, group in groupby(distinct, key=lambda text: -(-len(text) // STEP) * STEP):
        same, count = list(group), max(1, TOGETHER // width)
        for low in range(0, len(same), count):
            part = same[low : low + count]
            tokens = torch.tensor([[*text, *[0] * (width - len(text))] for text in part])
            vectors.append(encode(tokens, torch.tensor([len(text) for text in part])))
    place = {text: index for index, text in enumerate(distinct)}
    return torch.cat(vectors)[[place[text] for text in texts]]
