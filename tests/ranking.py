"""A recipe whose model ranks by a score of its own, as text to install.

Its q points away from the last chunk, so that the cosines of q find nothing; its score ranks as
``direct`` does.
"""

PLUGIN = """
from dataclasses import dataclass
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl import Composition, ModelSpec, Part, RecipeSpec, TrainingOptions, hookimpl


@dataclass(frozen=True, kw_only=True)
class Options(TrainingOptions, SequenceOptions):
    \"\"\"The recipe's.\"\"\"

@hookimpl
def lvmctl_recipes():
    return [RecipeSpec(name="ranks", summary=".", target="ranks.parts:compose", options=Options)]

@hookimpl
def lvmctl_models():
    return [
        ModelSpec(
            name="ranks", summary=".", target="ranks.parts:Ranks", options=SequenceOptions
        )
    ]
"""
PARTS = """
import torch
from lvmctl import Prediction
from lvmctl.sphere import unit
from lvmctl import Composition, Part, SequenceOptions

def compose(options):
    # It has no network: the sizes are those of the model that it is timed beside.
    names = ("width", "layers", "heads", "feedforward")
    sizes = SequenceOptions(**{name: getattr(options, name) for name in names})
    return Composition(Part("ranks", sizes), (Part("core/mse"),))

class Ranks(torch.nn.Module):
    def __init__(self, options, shape):
        super().__init__()
        self.bend = torch.nn.Parameter(torch.zeros(()))

    def forward(self, context):
        return Prediction(unit(1e-3 * self.bend * context[:, 0] - context[:, -1]))

    def score(self, context, pool):
        return context[:, -1] @ pool.vectors.mT
"""
