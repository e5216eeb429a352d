"""Recipes whose models read more than vectors, as text to install, and slow references of them.

``words`` ranks by the words that a candidate shares with the window's chunks, ``edges`` by the
cosines of its first sentence to their last ones; of newer chunks more. The prediction of ``ends``
is the last sentence of the newest chunk, with a share of that chunk.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

PLUGIN = """
from dataclasses import dataclass
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl import LossSpec, ModelSpec, RecipeSpec, TrainingOptions, hookimpl


@dataclass(frozen=True, kw_only=True)
class Options(TrainingOptions, SequenceOptions):
    \"\"\"The recipes'.\"\"\"

READS = {"words": "text", "edges": "sentence", "ends": "sentence"}

@hookimpl
def lvmctl_recipes():
    target = "reading_pkg.parts:"
    return [
        RecipeSpec(name=name, summary=".", target=target + name, options=Options) for name in READS
    ]

@hookimpl
def lvmctl_models():
    return [
        ModelSpec(
            name=name, summary=".", target="reading_pkg.parts:" + name.capitalize(),
            geometry="unit" if name == "ends" else "cone",
            gives=() if name == "ends" else ("scores",),
            reads=(reads,),
            q_reads=name == "ends",
        )
        for name, reads in READS.items()
    ]

@hookimpl
def lvmctl_losses():
    return [
        LossSpec(
            name="listed", summary=".", target="reading_pkg.parts:Listed",
            needs=("negative_mask",), needs_prediction=("scores",),
        )
    ]
"""
PARTS = """
import torch
from lvmctl import Composition, Part, Prediction
from lvmctl.sphere import unit


def words(options):
    return Composition(Part("words"), (Part("listed"),))


def edges(options):
    return Composition(Part("edges"), (Part("listed"),))


def ends(options):
    return Composition(Part("ends"), (Part("core/cosine"),))


class Ends(torch.nn.Module):
    def __init__(self, options, shape):
        super().__init__()
        self.share = torch.nn.Parameter(torch.zeros(()))

    def forward(self, context, window):
        vectors, there = window.pieces(1)
        assert there[:, :, 1, 0].all()
        last = vectors[:, -1, 1, 0]
        return Prediction(unit(last + self.share * context[:, -1]))


class Listed(torch.nn.Module):
    negatives = 4

    def forward(self, prediction, batch, step):
        mask = torch.cat([torch.ones_like(batch.negative_mask[:, :1]), batch.negative_mask], 1)
        return -prediction.scores.masked_fill(~mask, -1e9).log_softmax(-1)[:, 0]


class Reader(torch.nn.Module):
    def __init__(self, options, shape):
        super().__init__()
        self.size = torch.nn.Parameter(torch.zeros(()))

    def forward(self, context):
        return Prediction(context[:, -1])

    def score(self, context, pool):
        return self.size.exp() * self.read(context, pool)


class Words(Reader):
    def read(self, context, pool):
        windows, pools = pool.window.texts(), pool.chunks.texts()
        if pool.vectors.dim() == 2:
            pools = [pools] * len(windows)
        rows = [
            [
                sum(
                    (age + 1.0) * len({*chunk.lower().split()} & {*text.lower().split()})
                    for age, chunk in enumerate(window)
                )
                for text in texts
            ]
            for window, texts in zip(windows, pools)
        ]
        return torch.tensor(rows).to(context)


class Edges(Reader):
    def read(self, context, pool):
        ends = pool.window.pieces(1)[0][:, :, 1, 0]
        age = torch.arange(1.0, 1 + ends.shape[1], device=ends.device)
        query = (age[:, None] * ends).sum(1)
        begins = pool.chunks.pieces()[0][..., 0, 0, :]
        if begins.dim() == 2:
            return query @ begins.mT
        return (begins @ query[:, :, None])[..., 0]
"""
FILES = {"reading_pkg/plugin.py": PLUGIN, "reading_pkg/parts.py": PARTS}


class Reference:
    """What the recipes score, read from the files of a store."""

    def __init__(self, path: Path) -> None:
        self.texts = [json.loads(line) for line in (path / "chunks.jsonl").open()]
        finer = path / "levels/sentence"
        self.sentences = np.load(finer / "vectors.npy").astype(float)
        articles = json.loads((finer / "store.json").read_text())["articles"]
        counts = [count for article in articles for count in article["pieces"]]
        self.ends = np.cumsum(counts)
        self.begins = self.ends - counts

    def words(self, window: list[int], candidate: int) -> float:
        has = {*self.texts[candidate].lower().split()}
        shared = [len(has & {*self.texts[row].lower().split()}) for row in window]
        return float(sum((age + 1) * each for age, each in enumerate(shared)))

    def edges(self, window: list[int], candidate: int) -> float:
        first = self.sentences[self.begins[candidate]]
        last = [self.sentences[self.ends[row] - 1] for row in window]
        return float(sum((age + 1) * (each @ first) for age, each in enumerate(last)))

    def score(self, name: str, window: list[int], candidate: int) -> float:
        return getattr(self, name)(window, candidate)

    def rank(
        self, name: str, window: list[int], target: int, pool: list[int], near: float = 1e-6
    ) -> float:
        """1 + better + ties / 2."""
        mine = self.score(name, window, target)
        gaps = [self.score(name, window, row) - mine for row in pool if row != target]
        return 1 + sum(gap > near for gap in gaps) + sum(abs(gap) <= near for gap in gaps) / 2
