"""The model and the recipe core declares: the simplest training there is. Torch-free."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config import TrainingOptions
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.registry.specs import Composition, ModelSpec, Part, RecipeSpec


@dataclass(frozen=True, kw_only=True)
class PlainOptions(TrainingOptions):
    """Everything ``lvmctl train --plugin plain --set`` can change."""

    sequence: SequenceOptions = SequenceOptions()


def compose(options: PlainOptions) -> Composition:
    """The free model, trained on 1 - cos(q, y): its optimum is the direction of E[y | C]
    (docs/methods.md#best-prediction)."""
    return Composition(
        model=Part("core/free", options.sequence),
        losses=(Part("core/cosine"),),
        run_name={"c": options.context},
    )


RECIPES = (
    RecipeSpec(
        name="plain",
        summary="A free prediction, trained on its cosine to the target.",
        target="lvmctl.nn.records:compose",
        options=PlainOptions,
    ),
)

MODELS = (
    ModelSpec(
        name="free",
        summary="Sequence model and a linear head: any direction can be predicted.",
        target="lvmctl.nn.linear_head:LinearHead",
        options=SequenceOptions,
        geometry="unit",
        gives=("raw",),
    ),
)
