"""What gates that act in a training are called with, and what they owe for it."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cache
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
import torch

from lvmctl.core.batch import FIELDS, Batch
from lvmctl.data import Split, Windows
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.fields import field_maker
from lvmctl.testing.samples import split_of, textlike
from lvmctl.training.validation import Validation

CONTEXT = 3


class Input(NamedTuple):
    """What a gate is called with.

    Attributes:
        name: what it is, for a message: ``epoch 2 with every figure nan``.
        make: makes the arguments, new ones each time.
    """

    name: str
    make: Callable[[], tuple[Any, ...]]


def records() -> list[list[Input]]:
    """Records of epochs as a training writes them: with and without an evaluation, without ranks,
    of windows of one chunk, and with every figure at its best, its worst, or no number."""
    return [
        [
            Input(f"epoch {epoch} {name}", lambda e=epoch, v=val: (record(e, v),))
            for epoch in (1, 2, 50)
            for name, val in {"without evaluation": {}, **evaluations()}.items()
        ]
    ]


def record(epoch: int, val: dict[str, Any]) -> dict[str, Any]:
    """The record of an epoch whose evaluation gave ``val``; nothing where there was none."""
    train = {"loss": 0.7, "gate_weight_mean": 0.6}
    return {"epoch": epoch, "train": train, **({"val": copy.deepcopy(val)} if val else {})}


@cache
def evaluations() -> dict[str, dict[str, Any]]:
    """What evaluations give, by name."""
    usual = evaluated(CONTEXT, min_article=6)
    filled = {f"with every figure {v}": fill(usual, v) for v in (-1.0, 0.0, 1.0, float("nan"))}
    return {
        "as usual": usual,
        "without ranks": evaluated(CONTEXT, min_article=10**6),
        "of windows of one chunk": evaluated(1, min_article=6),
        **filled,
    }


def evaluated(context: int, min_article: int) -> dict[str, Any]:
    """What the evaluation of a perfect predictor gives."""
    windows = Windows(textlike(), context, 1)
    validation = Validation(BatchBuilder(windows, ()), min_article, "unit")
    figures, ranks = validation.shown(windows.target(np.arange(len(windows))))
    return {"loss": 0.5, **figures, **validation.intervals(ranks), **validation.beside}


def fill(figures: Any, value: float) -> Any:
    """``figures`` with ``value`` in the place of every one; counts stay."""
    if isinstance(figures, dict):
        return {name: fill(each, value) for name, each in figures.items()}
    return value if isinstance(figures, float) else figures


def batches(fields: Mapping[str, Callable[..., Any]] = MappingProxyType({})) -> list[list[Input]]:
    """Batches with every field of core, and ``fields`` by their targets: of text-like chunks, of
    one window, of chunks that repeat, that turn about, and that have nothing in common."""
    splits = {
        "of text-like chunks": (textlike(), 8),
        "of one window": (textlike(), 1),
        "whose chunks repeat": (repeated(1, 1), 8),
        "whose chunks turn about": (repeated(1, -1), 8),
        "whose chunks are orthogonal": (split_of([np.eye(16)]), 8),
    }
    return [
        [
            Input(f"a batch {name}", lambda s=split, n=size: (batch(s, n, fields),))
            for name, (split, size) in splits.items()
        ]
    ]


def batch(split: Split, size: int, fields: Mapping[str, Callable[..., Any]]) -> Batch:
    """Windows spread over a split, with every field of core, and ``fields``."""
    windows = Windows(split, CONTEXT, 1)
    makers = {name: field_maker(target) for name, target in fields.items()}
    counts = dict.fromkeys(fields, 2) | {"negatives": 3, "rollout": 2}
    builder = BatchBuilder(windows, FIELDS, fields=makers, **counts)
    return builder.batch(np.linspace(0, len(windows) - 1, size).astype(int))


def repeated(*signs: int) -> Split:
    """Articles of one chunk over and over, with ``signs`` in turn."""
    chunk = np.eye(8)[0]
    return split_of([np.stack([sign * chunk for sign in signs * 6])] * 3)


def curricula() -> list[list[Input]]:
    """Windows and epochs of two trainings, on many windows and on a single one: the first epochs,
    and late ones."""
    return [
        [
            Input(f"epoch {epoch} of {len(windows)} windows", lambda w=windows, e=epoch: (w, e))
            for epoch in (1, 2, 10, 1000)
        ]
        for windows in (
            Windows(textlike(), CONTEXT, 1),
            Windows(textlike(1, CONTEXT + 1), CONTEXT, 1),
        )
    ]


ROLES = {"kill": records, "sample": batches, "select": curricula}
"""What a gate of each role is called with in one training after another."""


def fault(role: str, answer: Any, arguments: tuple[Any, ...]) -> str | None:
    """What is wrong with the answer of a gate of a role, None where nothing is."""
    if role == "kill":
        reason = isinstance(answer, str) and answer.strip() and "\n" not in answer
        return None if answer is None or reason else f"{answer!r} and not None or a reason"
    if role == "select":
        chosen, windows = np.asarray(answer), len(arguments[0])
        if chosen.dtype != bool or chosen.shape != (windows,):
            return f"{chosen.dtype} of shape {chosen.shape} and not bool for {windows} windows"
        return None if chosen.any() else "no window"
    windows = len(arguments[0].context)
    if not isinstance(answer, torch.Tensor):
        return f"a {type(answer).__name__} and not a tensor"
    if answer.shape != (windows,):
        return f"weights of shape {tuple(answer.shape)} for {windows} windows"
    if not answer.isfinite().all() or (answer < 0).any():
        return f"weights {answer.tolist()}, which are not finite and >= 0"
    return None


def plain(answer: Any) -> Any:
    """An answer as plain data, to compare it with another."""
    return answer.tolist() if isinstance(answer, torch.Tensor | np.ndarray) else answer
