"""From P7's options to its model, losses and gates."""

from __future__ import annotations

from lvmctl import Composition, Part
from lvmctl_p7.options import P7Options


def compose(options: P7Options) -> Composition:
    """P7: anchored ranker; InfoNCE, previous-repel hinge, teacher floor, directional gate."""
    teacher = f"{options.w_teacher},{options.warmup + 1}=0"
    gates = []
    if options.gate:
        gates.append(Part("p7/directional-gate", options.directional_gate))
    if options.stop_on_drift:
        gates.append(Part("p7/drift-stop", options.drift_stop))
    losses = (
        Part("p7/infonce", options.infonce, options.w_rank),
        Part("core/previous-repel", options.previous_repel, options.w_margin),
        Part("p7/teacher-floor", options.teacher_floor, teacher),
        Part("p7/anchor-floor", options.anchor_floor, options.w_anchor),
        Part("core/cosine", weight=options.w_cosine),
    )
    margin, anchor = options.previous_repel.margin, options.sequence.anchor_lambda
    return Composition(
        model=Part("p7/ranker", options.sequence),
        losses=losses,
        gates=tuple(gates),
        run_name={"c": options.context, "m": margin, "l": anchor},
    )
