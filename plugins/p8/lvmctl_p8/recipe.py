"""From P8's options to its model, losses and kill rule."""

from __future__ import annotations

from lvmctl import Composition, Part
from lvmctl_p8.options import P8Options


def compose(options: P8Options) -> Composition:
    """P8: mixture head; listwise softmax, previous-repel hinge and order verifier."""
    return Composition(
        model=Part("p8/mixture", options.sequence),
        losses=(
            Part("p8/listwise", options.listwise, options.w_rank),
            Part("core/previous-repel", options.previous_repel, options.w_margin),
            Part("p8/order", options.order, options.w_order),
        ),
        gates=(Part("p8/kill-rule", options.kill),) if options.kill_rule else (),
        run_name={"c": options.context, "m": options.previous_repel.margin},
    )
