"""The models core declares."""

from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.registry.specs import ModelSpec

MODELS = (
    ModelSpec(
        name="free",
        summary="Sequence model and a linear head: any direction can be predicted.",
        target="lvmctl.nn.free:Free",
        options=SequenceOptions,
        geometry="unit",
        gives=("raw",),
    ),
)
