"""A plan: a recipe's composition with every option resolved; as it is saved and read back."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

from lvmctl.config import TrainingOptions, bind, describe, matches
from lvmctl.core.errors import PluginError, UsageError
from lvmctl.core.schedule import Schedule
from lvmctl.core.trust import refuse_untrusted
from lvmctl.registry import Entry, Registry
from lvmctl.registry.find import UNPACKAGED
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


def from_record(registry: Registry, record: Mapping[str, Any]) -> Plan:
    """The plan a run was made with, from its ``config.json``.

    Options by short names, as runs had them before they were nested, are read too.

    Raises:
        PluginError: a plugin it needs is not there, broken or contested.
        UsageError: an installed plugin no longer takes the saved options.
    """

    def part(kind: str, saved: Mapping[str, Any]) -> PlannedPart:
        entry = known(registry, kind, saved["name"], saved)
        options = bind(entry.record.options, [("config.json", saved["options"])]).options
        return PlannedPart(
            entry, options, Schedule.parse(saved["weight"]), saved.get("added", False)
        )

    recipe = known(registry, "recipe", record["recipe"], record)
    options = bind(recipe.record.options, [("config.json", record["options"])]).options
    described = describe(recipe.record.options)
    paths = {key: [info.path for info in matches(described, key)] for key in record["origins"]}
    return Plan(
        recipe=record["recipe"],
        **package(recipe),
        options=options,
        origins={(paths[key] or [key])[0]: origin for key, origin in record["origins"].items()},
        model=part("model", record["model"]),
        losses=tuple(part("loss", saved) for saved in record["losses"]),
        gates=tuple(part("gate", saved) for role in ROLES for saved in record[role]),
        key_options=dict(record["key_options"]),
    )


def known(registry: Registry, kind: str, name: str, saved: Mapping[str, Any]) -> Entry:
    """The entry a run was made with."""
    refuse_untrusted(name, "config.json")
    try:
        return registry.get(kind, name)
    except UsageError as error:
        distribution, _, version = saved.get("package", "").partition(" ")
        there = any(plugin.distribution == distribution for plugin in registry.plugins)
        if there or not version or version == UNPACKAGED:
            raise
        raise PluginError(
            f"the run needs {kind} {name} of {distribution}, which is not installed",
            hint=f"pip install {distribution} (it was made with {version})",
        ) from error
