"""From P6b's options to its model and losses."""

from __future__ import annotations

from lvmctl import Composition, Part
from lvmctl_p6b.options import P6bOptions


def compose(options: P6bOptions) -> Composition:
    """P6b: free head; squared error and the directional loss against second_last."""
    return Composition(
        model=Part("core/free", options.sequence),
        losses=(
            Part("core/mse", weight=options.w_mse),
            Part("p6b/directional", options.directional, options.w_directional),
        ),
        run_name={"v": options.directional.version, "c": options.context},
    )
