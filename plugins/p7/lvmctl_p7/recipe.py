"""From P7's options to its model, losses and gates."""

from __future__ import annotations

from dataclasses import fields

from lvmctl.plugins import Composition, Part
from lvmctl_p7.options import P7Options, RankerOptions


def compose(options: P7Options) -> Composition:
    """P7: anchored ranker; InfoNCE, previous-repel hinge, teacher floor, directional gate."""
    model = {f.name: getattr(options, f.name) for f in fields(RankerOptions)}
    infonce = {
        "temperature": options.temperature,
        "negatives": options.negatives,
        "in_batch": options.in_batch,
    }
    teacher = f"{options.w_teacher},{options.warmup + 1}=0"
    gates = []
    if options.gate:
        values = {"threshold": options.gate_threshold, "weight": options.gate_weight}
        gates.append(Part("p7/directional-gate", values))
    if options.stop_on_drift:
        gates.append(Part("p7/drift-stop"))
    losses = (
        Part("p7/infonce", infonce, options.w_rank),
        Part("core/previous-repel", {"margin": options.margin}, options.w_margin),
        Part("p7/teacher-floor", {"floor": options.teacher_floor}, teacher),
        Part("p7/anchor-floor", {"floor": options.anchor_floor}, options.w_anchor),
        Part("core/cosine", {}, options.w_cosine),
    )
    return Composition(
        model=Part("p7/ranker", model),
        losses=losses,
        gates=tuple(gates),
        run_name={"c": options.context, "m": options.margin, "l": options.anchor_lambda},
    )
