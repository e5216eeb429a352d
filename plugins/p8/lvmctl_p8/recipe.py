"""From P8's options to its model, losses and kill rule."""

from __future__ import annotations

from dataclasses import fields

from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.plugins import Composition, Part
from lvmctl_p8.options import P8Options


def compose(options: P8Options) -> Composition:
    """P8: mixture head; listwise softmax, previous-repel hinge and order verifier."""
    encoder = {f.name: getattr(options, f.name) for f in fields(SequenceOptions)}
    listwise = {
        "temperature": options.temperature,
        "negatives": options.negatives,
        "in_batch": options.in_batch,
    }
    return Composition(
        model=Part("p8/mixture", encoder),
        losses=(
            Part("p8/listwise", listwise, options.w_rank),
            Part("core/previous-repel", {"margin": options.margin}, options.w_margin),
            Part("p8/order", {"pairs": options.order_pairs}, options.w_order),
        ),
        gates=(Part("p8/kill-rule"),) if options.kill_rule else (),
        run_name={"c": options.context, "m": options.margin},
    )
