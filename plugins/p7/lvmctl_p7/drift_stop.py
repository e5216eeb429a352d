"""The reports' advice to stop at orthogonal drift, for those who want it followed."""

from __future__ import annotations

from typing import Any

from lvmctl_p7.options import DriftOptions


class DriftStop:
    """Stop when the validation's cos_anchor falls below .05 (docs/methods.md#recipes). Off by
    default."""

    def __init__(self, options: DriftOptions) -> None:
        self.least = options.cos_anchor

    def __call__(self, record: dict[str, Any]) -> str | None:
        """The reason to stop after the epoch of the history ``record``, or None."""
        if "val" not in record:
            return None
        value = record["val"]["cos_anchor"]
        # Written so that NaN stops too.
        return None if value >= self.least else f"cos_anchor {value:+.3f} < {self.least:+.3f}"
