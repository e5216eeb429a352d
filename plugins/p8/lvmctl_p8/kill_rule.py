"""The reports' kill rule, for those who want to see what it does."""

from __future__ import annotations

from typing import Any

from lvmctl_p8.options import KillOptions


class KillRule:
    """From epoch 2 on, stop when margin[last] < 0 or in-article filtered R@5 < 0.75.

    Off by default: the cosine optimum of text has a negative margin[last]
    (docs/methods.md#best-prediction, #ceilings), so the rule stops good models.
    """

    def __init__(self, options: KillOptions) -> None:
        self.options = options

    def __call__(self, record: dict[str, Any]) -> str | None:
        """The reason to stop after the epoch of the history ``record``, or None."""
        if record["epoch"] < self.options.epoch or "val" not in record:
            return None
        margin, r5 = record["val"]["margin"]["last"], record["val"].get("r@5")
        failed = []
        # Written so that NaN fails too.
        if not margin >= self.options.margin:
            failed.append(f"margin[last] {margin:+.3f} < {self.options.margin:+.3f}")
        if r5 is not None and not r5 >= self.options.r_at_5:
            failed.append(f"in-article filtered R@5 {r5:.3f} < {self.options.r_at_5:.3f}")
        return " and ".join(failed) or None
