"""A plan: a recipe's composition with every option resolved."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from lvmctl.config import TrainingOptions
from lvmctl.core.schedule import Schedule
from lvmctl.registry import Entry
from lvmctl.registry.specs import Curriculum, KillRule, SampleWeight, Shape

Layers = Sequence[tuple[str, Mapping[str, Any]]]
ROLES = (KillRule.role, SampleWeight.role, Curriculum.role)
"""What the gates of a recipe do, as ``config.json`` lists them."""
ONE = Schedule.parse(1)


@dataclass(frozen=True)
class PlannedPart:
    """A model, loss or gate with its resolved options.

    Attributes:
        entry: its record and plugin.
        options: an instance of the record's options dataclass.
        weight: factor in the total, for a loss.
        added: a loss that the recipe does not have; its terms are logged under its full name.
    """

    entry: Entry
    options: Any
    weight: Schedule = ONE
    added: bool = False

    def record(self) -> dict[str, Any]:
        """As saved in ``config.json``."""
        options = dataclasses.asdict(self.options)
        record = {"name": self.entry.saved, "weight": str(self.weight), "options": options}
        return record | package(self.entry) | ({"added": True} if self.added else {})


@dataclass(frozen=True)
class Plan:
    """A recipe with everything decided.

    Attributes:
        recipe: name of the recipe.
        package: the distribution the recipe comes from, with its version.
        options: the recipe's options.
        origins: where each option's value came from, by its path; by ``plugin/record.option``
            where it is one of a part alone and was set.
        model, losses, gates: the parts; see ``Composition``.
        key_options: what the run directory's name shows.
    """

    recipe: str
    package: str
    options: TrainingOptions
    origins: dict[str, str]
    model: PlannedPart
    losses: tuple[PlannedPart, ...]
    gates: tuple[PlannedPart, ...]
    key_options: dict[str, Any]

    def shape(self, dim: int) -> Shape:
        """What models and losses are built for on chunks of width ``dim``."""
        return Shape(dim, self.options.context, self.options.horizon)

    @property
    def parts(self) -> tuple[PlannedPart, ...]:
        """Model, losses and gates."""
        return (self.model, *self.losses, *self.gates)

    def of_role(self, role: str) -> tuple[PlannedPart, ...]:
        """The gates of one of :data:`ROLES`."""
        return tuple(part for part in self.gates if part.entry.record.role == role)

    @property
    def kill(self) -> tuple[PlannedPart, ...]:
        """The kill rules."""
        return self.of_role(KillRule.role)

    @property
    def sample(self) -> tuple[PlannedPart, ...]:
        """The sample weights."""
        return self.of_role(SampleWeight.role)

    @property
    def select(self) -> tuple[PlannedPart, ...]:
        """The curricula."""
        return self.of_role(Curriculum.role)

    def values(self) -> Iterator[tuple[str, Any, str]]:
        """Every option of ``origins`` by its path, with its value and its origin."""
        parts = {part.entry.qualified: part.options for part in self.parts}
        for path, origin in self.origins.items():
            owner = next((name for name in parts if path.startswith(f"{name}.")), None)
            if owner is None:
                yield path, attrgetter(path)(self.options), origin
            else:
                yield path, attrgetter(path.removeprefix(f"{owner}."))(parts[owner]), origin

    def record(self) -> dict[str, Any]:
        """As saved in ``config.json``; :func:`from_record` reads it back."""
        return {
            "recipe": self.recipe,
            "package": self.package,
            "options": dataclasses.asdict(self.options),
            "origins": self.origins,
            "model": self.model.record(),
            "losses": [part.record() for part in self.losses],
            **{role: [part.record() for part in self.of_role(role)] for role in ROLES},
            "key_options": self.key_options,
        }

    def describe(self) -> str:
        """The composition in one line: ``p8: p8/mixture | 1 × p8/listwise + …``."""
        losses = " + ".join(f"{part.weight} × {part.entry.qualified}" for part in self.losses)
        gates = [f" | {p.entry.record.role}: {p.entry.qualified}" for p in self.gates]
        model, first = self.model.entry.qualified, self.options.transform
        model = model if first == "none" else f"{first} chunks | {model}"
        return f"{self.recipe}: {model} | {losses}{''.join(gates)}"


def package(entry: Entry) -> dict[str, str]:
    """What has to be installed for ``entry`` to be found."""
    return {"package": f"{entry.plugin.distribution} {entry.plugin.version}"}
