"""From P6b's options to its model and losses."""

from __future__ import annotations

from dataclasses import fields

from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.plugins import Composition, Part
from lvmctl_p6b.options import DirectionalOptions, P6bOptions


def compose(options: P6bOptions) -> Composition:
    """P6b: free head; squared error and the directional loss against second_last."""

    def part(name: str, record: type, weight: float = 1.0) -> Part:
        return Part(name, {f.name: getattr(options, f.name) for f in fields(record)}, weight)

    return Composition(
        model=part("core/free", SequenceOptions),
        losses=(
            Part("core/mse", {}, options.w_mse),
            part("p6b/directional", DirectionalOptions, options.w_directional),
        ),
        run_name={"v": options.version, "c": options.context},
    )
