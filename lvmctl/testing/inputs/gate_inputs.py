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
from lvmctl.data import Windows
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.fields import field_maker
from lvmctl.testing.inputs.splits import split_of, textlike
from lvmctl.training.validation import Validation

CONTEXT = 3


class Given(NamedTuple):
    """What a gate is called with.

    Attributes:
        name: what it is, for a message: ``epoch 2 with every figure nan``.
        make: makes the arguments, new ones each time.
    """

    name: str
    make: Callable[[], tuple[Any, ...]]


# ---------------------------------------------------------------------- kill: an epoch's record


def records() -> list[list[Given]]:
    """Records of epochs as a training writes them: with and without an evaluation, without ranks,
    of windows of one chunk, and with every figure at its best, its worst, or no number."""
    return [
        [
            Given(f"epoch {epoch} {name}", lambda e=epoch, v=val: (record(e, v),))
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
    found = validation.shown(windows.target(np.arange(len(windows))))
    return {"loss": 0.5, **found, **validation.beside}


def fill(figures: Any, value: float) -> Any:
    """``figures`` with ``value`` in the place of every one; counts stay."""
    if isinstance(figures, dict):
        return {name: fill(each, value) for name, each in figures.items()}
    return value if isinstance(figures, float) else figures


# ---------------------------------------------------------------------- sample: a batch


def batches(fields: Mapping[str, Callable[..., Any]] = MappingProxyType({})) -> list[list[Given]]:
    """Batches with every field of core, and ``fields`` by their targets: of text-like chunks, of
    one window, of chunks that repeat, that turn about, and that have nothing in common."""
    text = Windows(textlike(), CONTEXT, 1)
    return [
        [
            Given(f"a batch {name}", lambda w=windows, b=size: (batch(w, b, fields),))
            for name, windows, size in (
                ("of text-like chunks", text, 8),
                ("of one window", text, 1),
                ("whose chunks repeat", Windows(repeated(1, 1), CONTEXT, 1), 8),
                ("whose chunks turn about", Windows(repeated(1, -1), CONTEXT, 1), 8),
                ("whose chunks are orthogonal", Windows(split_of([np.eye(16)]), CONTEXT, 1), 8),
            )
        ]
    ]


def batch(
    windows: Windows, size: int, fields: Mapping[str, Callable[..., Any]] = MappingProxyType({})
) -> Batch:
    """Windows spread over the split, with every field of core, and ``fields``."""
    made = {name: field_maker(target) for name, target in fields.items()}
    counts = dict.fromkeys(fields, 2) | {"negatives": 3, "rollout": 2}
    builder = BatchBuilder(windows, FIELDS, fields=made, **counts)
    return builder.batch(np.linspace(0, len(windows) - 1, size).astype(int))


def repeated(*signs: int) -> Any:
    """Articles of one chunk over and over, with ``signs`` in turn."""
    chunk = np.eye(8)[0]
    return split_of([np.stack([sign * chunk for sign in signs * 6])] * 3)


def rows(whole: Batch, index: list[int]) -> Batch:
    """The windows ``index`` of a batch."""
    fields = {name: getattr(whole, name)[index] for name in whole if name != "in_batch_mask"}
    return Batch(fields | {"in_batch_mask": whole.in_batch_mask[index][:, index]})


# ---------------------------------------------------------------------- select: windows, an epoch


def curricula() -> list[list[Given]]:
    """Windows and epochs of two trainings, on many windows and on a single one: the first epochs,
    and late ones."""
    return [
        [
            Given(f"epoch {epoch} of {len(windows)} windows", lambda w=windows, e=epoch: (w, e))
            for epoch in (1, 2, 10, 1000)
        ]
        for windows in (
            Windows(textlike(), CONTEXT, 1),
            Windows(textlike(1, CONTEXT + 1), CONTEXT, 1),
        )
    ]


# ---------------------------------------------------------------------- what they owe


def kill_fault(answer: Any, arguments: tuple[Any, ...]) -> str | None:
    """What is wrong with the answer of a kill rule."""
    if answer is None or (isinstance(answer, str) and answer.strip() and "\n" not in answer):
        return None
    return f"{answer!r} and not None or a reason in one line"


def sample_fault(answer: Any, arguments: tuple[Any, ...]) -> str | None:
    """What is wrong with the answer of a sample gate."""
    windows = len(arguments[0].context)
    if not isinstance(answer, torch.Tensor):
        return f"a {type(answer).__name__} and not a tensor"
    if answer.shape != (windows,):
        return f"weights of shape {tuple(answer.shape)} for {windows} windows"
    if not answer.isfinite().all() or (answer < 0).any():
        return f"weights {answer.tolist()}, which are not finite and >= 0"
    return None


def select_fault(answer: Any, arguments: tuple[Any, ...]) -> str | None:
    """What is wrong with the answer of a curriculum."""
    answer, windows = np.asarray(answer), len(arguments[0])
    if answer.dtype != bool or answer.shape != (windows,):
        return f"{answer.dtype} of shape {answer.shape} and not bool for {windows} windows"
    return None if answer.any() else "no window"


ROLES = {
    "kill": (records, kill_fault),
    "sample": (batches, sample_fault),
    "select": (curricula, select_fault),
}
"""What a gate of each role is called with in one training after another, and what is wrong with an
answer."""


def trace(argument: Any) -> str:
    """Everything an argument holds, to see whether it was changed."""
    if isinstance(argument, Batch):
        return repr([getattr(argument, name).tolist() for name in argument])
    if isinstance(argument, Windows):
        parts = (argument.rows, argument.article, argument.position, argument.split.vectors)
        return repr([part.tolist() for part in parts])
    return repr(argument)


def plain(answer: Any) -> Any:
    """An answer as plain data, to compare it with another."""
    return answer.tolist() if isinstance(answer, torch.Tensor | np.ndarray) else answer
