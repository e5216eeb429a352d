"""A plugin whose recipe uses everything a recipe can, as text to install."""

PLUGIN = """
from dataclasses import dataclass
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl import Curriculum, LossSpec, ModelSpec, RecipeSpec, SampleWeight, TrainingOptions
from lvmctl import hookimpl, option


@dataclass(frozen=True, kw_only=True)
class Options(TrainingOptions, SequenceOptions):
    horizon: int = option(1, "fixed: what it feeds back is the newest chunk", low=1, high=1)
    weight: str = option("1", "weight of the rollout")
    gate: str = option("half", "sample gate")
    select: str = option("some", "select gate")

@hookimpl
def lvmctl_recipes():
    return [RecipeSpec(name="lab", summary="All.", target="lab_pkg.parts:compose", options=Options)]

@hookimpl
def lvmctl_models():
    return [ModelSpec(name="turn", summary="A turn.", target="lab_pkg.parts:Turn")]

@hookimpl
def lvmctl_losses():
    return [LossSpec(name="far", summary="Rollout.", target="lab_pkg.parts:Far",
                     needs=("future", "future_mask"), needs_prediction=("rollout",))]

@hookimpl
def lvmctl_gates():
    return [
        SampleWeight(name="half", summary=".", target="lab_pkg.parts:Half",
                 needs=("position",)),
        SampleWeight(name="wrong", summary=".", target="lab_pkg.parts:Wrong"),
        Curriculum(name="some", summary=".", target="lab_pkg.parts:Some"),
        Curriculum(name="none", summary=".", target="lab_pkg.parts:Nothing"),
        Curriculum(name="numbers", summary=".", target="lab_pkg.parts:Numbers"),
    ]
"""
PARTS = """
import numpy as np
import torch
from lvmctl import Prediction
from lvmctl.sphere import unit
from lvmctl import Composition, Part

def compose(options):
    return Composition(
        model=Part("turn"),
        losses=(Part("core/mse"), Part("far", weight=options.weight)),
        gates=(Part(options.gate), Part("half"), Part(options.select)),
    )

class Turn(torch.nn.Module):
    def __init__(self, options, shape):
        super().__init__()
        self.linear = torch.nn.Linear(shape.dim, shape.dim)
        self.register_buffer("told", torch.zeros(2))

    def at(self, step):
        self.told = torch.tensor([float(step.epoch), float(step.index)])

    def forward(self, context):
        return Prediction(q=unit(self.linear(context[:, -1])))

class Far(torch.nn.Module):
    rollout = 3

    def forward(self, prediction, batch, step):
        gap = 1 - (prediction.rollout * batch.future).sum(-1)
        return (gap * batch.future_mask).sum(-1) / batch.future_mask.sum(-1)

class Half:
    def __init__(self, options): pass
    def __call__(self, batch):
        return torch.where(batch.position % 2 == 0, 1.0, 0.5)

class Wrong(Half):
    def __call__(self, batch):
        return torch.ones(3, 3)

class Some:
    def __init__(self, options): pass
    def __call__(self, windows, epoch):
        return windows.position < epoch

class Nothing(Some):
    def __call__(self, windows, epoch):
        return windows.position < 0

class Numbers(Some):
    def __call__(self, windows, epoch):
        return np.arange(5)
"""
FILES = {"lab_pkg/plugin.py": PLUGIN, "lab_pkg/parts.py": PARTS}
