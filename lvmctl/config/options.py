"""Options are fields of a frozen dataclass: a type, a default, help and bounds, free of torch."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Any


def option(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] | None = None,
) -> Any:
    """A dataclass field that is an option.

    Args:
        default: value when nothing sets it; its annotation gives the type
            (``int``, ``float``, ``bool``, ``str``, or ``X | None``).
        help: one line for ``plugins describe``.
        low, high: inclusive bounds of a number.
        choices: the values allowed, if they are few.
    """
    metadata = {"help": help, "low": low, "high": high, "choices": choices}
    return dataclasses.field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """What every recipe has; a recipe extends it and may give other defaults."""

    context: int = option(5, "K, chunks in a window", low=1)
    horizon: int = option(1, "h, the target is the h-th unseen chunk", low=1)
    seed: int = option(0, "seed of weights, batch order, dropout and sampling", low=0)
    epochs: int = option(10, "passes over the training windows", low=1)
    batch_size: int = option(32, "windows per step", low=1)
    lr: float = option(5e-4, "AdamW learning rate", low=0.0)
    weight_decay: float = option(0.01, "AdamW weight decay", low=0.0)
    clip: float = option(1.0, "largest gradient norm; 0 turns clipping off", low=0.0)
    windows: int = option(0, "train on whole articles up to this many windows; 0 is all", low=0)
    precision: str = option("fp32", "arithmetic of the forward pass", choices=("fp32", "bf16"))
    best_by: str = option(
        "mrr@10",
        "validation metric that picks best_model.pt",
        choices=("mrr@10", "r@5", "cos_next", "loss"),
    )
    eval_every: int = option(1, "epochs between evaluations", low=1)
    eval_windows: int = option(2000, "validation windows per evaluation, whole articles", low=1)
    min_article: int = option(20, "shortest article, in chunks, of in-article retrieval", low=2)
    checkpoint_every: int = option(0, "steps between checkpoints; 0 is once per epoch", low=0)
    keep_checkpoints: int = option(2, "checkpoints kept", low=1)
    max_skips: int = option(20, "non-finite steps tolerated before training stops", low=0)
