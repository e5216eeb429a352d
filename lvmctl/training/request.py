"""What a training is asked for: a recipe or an experiment, with values laid over it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lvmctl.config import Experiment
from lvmctl.core.errors import UsageError
from lvmctl.core.paths import absolute
from lvmctl.data.splits.levels import at_levels, listed
from lvmctl.plan import Layers

SOURCES = ("data", "train", "val", "ood")


@dataclass(frozen=True)
class TrainRequest:
    """What a training is asked for.

    ``layers`` are option values by origin, the strongest last; ``losses``, ``NAME[:WEIGHT]``, are
    added or reweighted; ``sources`` are ``data``, ``train``, ``val`` and ``ood``, absolute. No
    ``out`` chooses ``runs/<recipe>_<key options>_<timestamp>``.
    """

    recipe: str
    layers: Layers = ()
    losses: Sequence[str] = ()
    sources: dict[str, Any] = field(default_factory=dict)
    device: str = "auto"
    out: Path | None = None
    experiment: str | None = None


def requested(
    recipe: str | None,
    experiment: Experiment | None,
    *,
    layers: Layers,
    losses: Sequence[str],
    sources: dict[str, Any],
    device: str = "auto",
    out: Path | None = None,
    level: str | None = None,
) -> TrainRequest:
    """A training of an experiment with the other arguments laid over it, or of a recipe alone.
    Training data in ``sources`` replaces all data of the experiment."""
    if experiment is not None:
        if recipe not in (None, experiment.recipe):
            raise UsageError(
                f"experiment {experiment.name} trains {experiment.recipe}, --plugin says {recipe}",
                hint="leave --plugin out",
            )
        recipe = experiment.recipe
        layers, losses = [*experiment.layers, *layers], (*experiment.losses, *losses)
        planned = {name: getattr(experiment, name) for name in SOURCES}
        if listed(sources["data"]) or listed(sources["train"]):
            planned = dict.fromkeys(SOURCES)
        sources = {
            name: value if listed(value) else planned[name] for name, value in sources.items()
        }
    elif recipe is None:
        raise UsageError(
            "nothing to train is named", hint="give --plugin RECIPE or --experiment NAME"
        )
    return TrainRequest(
        recipe=recipe,
        layers=layers,
        losses=tuple(losses),
        sources=absolutes(at_levels(sources, level)),
        device=device,
        out=out,
        experiment=None if experiment is None else experiment.name,
    )


def absolutes(sources: dict[str, Any]) -> dict[str, Any]:
    """``data``, ``train``, ``val`` and ``ood`` that mean the same from another directory."""
    names = ("data", "val", "ood")
    whole = {name: None if sources[name] is None else absolute(sources[name]) for name in names}
    return whole | {"train": [absolute(source) for source in listed(sources["train"])]}
