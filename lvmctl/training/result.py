"""What a training ends with."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Result:
    """How a training ended.

    Attributes:
        best: history record of the epoch whose weights are ``best_model.pt``.
        epochs: epochs trained.
        stopped: why a rule or a plugin ended it before the last epoch, or None.
    """

    best: dict[str, Any]
    epochs: int
    stopped: str | None
