"""The conformance kit: what every plugin must keep, as named checks, and fixtures for its tests.

``lvmctl plugins check NAME`` runs the checks, and so does pytest with
:func:`parametrize_with_checks`. The fixtures are those of ``pytest -p lvmctl.testing.fixtures``.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lvmctl.testing.pytest_checks import gate_lines, parametrize_with_checks
    from lvmctl.testing.samples import random_batch, random_prediction

_HOMES = {
    "gate_lines": "pytest_checks",
    "parametrize_with_checks": "pytest_checks",
    "random_batch": "samples",
    "random_prediction": "samples",
}

__all__ = ["gate_lines", "parametrize_with_checks", "random_batch", "random_prediction"]


def __getattr__(name: str) -> Any:
    # Late, so that the fixtures load without Hypothesis and before torch.
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(importlib.import_module(f"{__name__}.{_HOMES[name]}"), name)
