"""The models core declares."""

from lvmctl.models.options import SequenceEncoderOptions
from lvmctl.spec import ModelSpec

MODELS = (
    ModelSpec(
        name="free",
        summary="Encoder and a linear head: any direction can be predicted.",
        target="lvmctl.models.free:Free",
        options=SequenceEncoderOptions,
        geometry="unit",
        gives=("raw",),
    ),
)
