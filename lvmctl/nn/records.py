"""The models core declares."""

from lvmctl.nn.sequence.options import SequenceEncoderOptions
from lvmctl.registry.specs import ModelSpec

MODELS = (
    ModelSpec(
        name="free",
        summary="Encoder and a linear head: any direction can be predicted.",
        target="lvmctl.nn.free:Free",
        options=SequenceEncoderOptions,
        geometry="unit",
        gives=("raw",),
    ),
)
