"""How an encoder is fine-tuned to tell which chunk continues another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional

from lvmctl_reader.bert import BertShape, Layers, Text, Words, encoded

Ends = tuple[Text, Text]
"""The last tokens of a chunk and its first ones, each within the marks that frame a text."""

Article = Sequence[Ends]
"""The chunks of an article in their order."""

TEMPERATURE = 0.05

RATE, WARM, CLIP = 4e-5, 0.1, 1.0
"""AdamW's largest rate, the share of the steps in which it is reached, the largest gradient."""

LONG = 48
"""Chunks of an article that are compared in a step, about: what bounds memory."""

LEAST = 3
"""Chunks of the shortest article that is learned from."""

KEEP = 50
"""Steps after which what was learned is kept."""

State = dict[str, Any]
"""Steps that were made, chunks that were learned from, and the states of the matcher and of the
optimiser."""


class Matcher(nn.Module):
    """Layers of an encoder, and what turns their mean into the vector of a chunk's end and of
    another's beginning; the nearer these two, the rather one continues the other.

    Shapes: as of :class:`~lvmctl_reader.bert.Layers`.
    """

    def __init__(self, shape: BertShape) -> None:
        super().__init__()
        self.layers = Layers(shape)
        self.tail = nn.Linear(shape.width, shape.width, bias=False)
        self.head = nn.Linear(shape.width, shape.width, bias=False)
        for each in (self.tail, self.head):
            nn.init.eye_(each.weight)

    def forward(self, vectors: Sequence[Tensor], there: Sequence[Tensor]) -> Tensor:
        return self.layers(vectors, there)

    def ends(self, words: Words, article: Article) -> tuple[Tensor, Tensor]:
        """Unit vectors (n, width) of the ends of n chunks, and of their beginnings."""

        def encode(tokens: list[Tensor], there: list[Tensor]) -> Tensor:
            device = self.tail.weight.device
            return self([words(each.to(device)) for each in tokens], [x.to(device) for x in there])

        texts = [text for place in (0, 1) for text in (ends[place] for ends in article)]
        tails, heads = encoded(encode, texts).split(len(article))
        with torch.autocast(tails.device.type, enabled=False):
            turned = self.tail(tails.float()), self.head(heads.float())
        return functional.normalize(turned[0], dim=-1), functional.normalize(turned[1], dim=-1)


def matching_loss(tails: Tensor, heads: Tensor, k: int) -> Tensor:
    """Mean -log softmax of the beginning of each chunk's successor, among all of the article.

    Left out of a chunk's list are that chunk and the k - 1 before it, a window of which it is the
    newest: they are never candidates.

    Args:
        tails, heads: (n, width) unit vectors of an article's chunks, n ≥ 2.
    """
    place = torch.arange(len(tails), device=tails.device)
    back = place[:, None] - place
    logits = (tails @ heads.mT / TEMPERATURE).masked_fill((back >= 0) & (back < k), -torch.inf)
    return functional.cross_entropy(logits[:-1], place[1:])


def train(
    words: Words,
    matcher: Matcher,
    articles: Sequence[Article],
    k: int,
    seed: int,
    advance: Callable[[int], object],
    keep: Callable[[State], object] = lambda state: None,
    begun: State | None = None,
) -> None:
    """Fine-tune a matcher on articles, one pass; ``words`` stay as they are.

    A step is an article, or a part of a long one. Matrix products are bfloat16 where the processor
    has it.

    Args:
        advance: called with the number of chunks of each step, once it is done.
        keep: called now and then, and when ``advance`` raises, with what is needed to go on.
        begun: what it was called with; the pass goes on from there, the same bit for bit.
    """
    parts = [part for article in articles for part in in_parts(article) if len(part) >= LEAST]
    order, first, done = np.random.default_rng(seed).permutation(len(parts)), 0, 0
    optimizer = torch.optim.AdamW(matcher.parameters(), lr=RATE, weight_decay=0.0, fused=True)
    if begun is not None:
        matcher.load_state_dict(begun["matcher"])
        optimizer.load_state_dict(begun["optimizer"])
        first, done = begun["step"], begun["chunks"]
    for step in range(first, len(parts)):
        part, share = parts[order[step]], (step + 1) / len(parts)
        optimizer.param_groups[0]["lr"] = RATE * min(share / WARM, 1.0, (1 - share) / (1 - WARM))
        with in_bfloat16(matcher.tail.weight.device):
            tails, heads = matcher.ends(words, part)
        matching_loss(tails, heads, k).backward()
        nn.utils.clip_grad_norm_(matcher.parameters(), CLIP)
        optimizer.step()
        optimizer.zero_grad()
        done += len(part)
        state = {"step": step + 1, "chunks": done, "matcher": matcher.state_dict()}
        state["optimizer"] = optimizer.state_dict()
        if (step + 1) % KEEP == 0 or step + 1 == len(parts):
            keep(state)
        try:
            advance(len(part))
        except BaseException:
            keep(state)
            raise


def in_parts(article: Article) -> list[Article]:
    """An article in parts of like length, of :data:`LONG` chunks at most."""
    count = -(-len(article) // LONG)
    edges = [len(article) * part // count for part in range(count + 1)] if count else []
    return [article[low:high] for low, high in pairwise(edges)]


def in_bfloat16(device: torch.device) -> torch.autocast:
    """Autocast to bfloat16 where the processor has instructions for it; elsewhere nothing."""
    has = torch.cpu.get_capabilities() if device.type == "cpu" else {}
    fast = bool(has.get("avx512_bf16") or has.get("amx_bf16"))
    return torch.autocast("cpu", torch.bfloat16, enabled=fast)
