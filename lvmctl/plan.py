"""What will be trained: a recipe's composition with every option resolved, torch-free.

A plan is made once, printed, saved as the run's ``config.json`` and read back from there when the
run is resumed or evaluated.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lvmctl.batch import FIELDS
from lvmctl.config import TrainingOptions, bind, split_parts
from lvmctl.errors import LvmctlError, UsageError
from lvmctl.registry import Entry, Registry
from lvmctl.registry.blame import blame
from lvmctl.spec import Composition, LossSpec, Part, Shape

Layers = Sequence[tuple[str, Mapping[str, Any]]]


@dataclass(frozen=True)
class PlannedPart:
    """A model, loss or kill rule with its resolved options.

    Attributes:
        entry: its record and plugin.
        options: an instance of the record's options dataclass.
        weight: factor in the total, for a loss.
    """

    entry: Entry
    options: Any
    weight: float = 1.0

    def record(self) -> dict[str, Any]:
        """As saved in ``config.json``."""
        options = dataclasses.asdict(self.options)
        return {"name": self.entry.qualified, "weight": self.weight, "options": options}


@dataclass(frozen=True)
class Plan:
    """A recipe with everything decided.

    Attributes:
        recipe: name of the recipe.
        options: the recipe's options.
        origins: where each option's value came from.
        model, losses, kill: the parts.
        key_options: what the run directory's name shows.
    """

    recipe: str
    options: TrainingOptions
    origins: dict[str, str]
    model: PlannedPart
    losses: tuple[PlannedPart, ...]
    kill: tuple[PlannedPart, ...]
    key_options: dict[str, Any]

    def shape(self, dim: int) -> Shape:
        """What models and losses are built for on chunks of width ``dim``."""
        return Shape(dim, self.options.context, self.options.horizon)

    @property
    def parts(self) -> tuple[PlannedPart, ...]:
        """Model, losses and kill rules."""
        return (self.model, *self.losses, *self.kill)

    @property
    def needs(self) -> set[str]:
        """Batch fields the losses read."""
        return {name for part in self.losses for name in part.entry.record.needs}

    def record(self) -> dict[str, Any]:
        """As saved in ``config.json``; :func:`from_record` reads it back."""
        return {
            "recipe": self.recipe,
            "options": dataclasses.asdict(self.options),
            "origins": self.origins,
            "model": self.model.record(),
            "losses": [part.record() for part in self.losses],
            "kill": [part.record() for part in self.kill],
            "key_options": self.key_options,
        }

    def describe(self) -> str:
        """The composition in one line: ``p8: p8/mixture | 1 × p8/listwise + …``."""
        losses = " + ".join(f"{part.weight:g} × {part.entry.qualified}" for part in self.losses)
        rules = "".join(f" | kill: {part.entry.qualified}" for part in self.kill)
        return f"{self.recipe}: {self.model.entry.qualified} | {losses}{rules}"


def make_plan(
    registry: Registry, recipe: str, layers: Layers = (), losses: Sequence[str] = ()
) -> Plan:
    """Resolve a recipe.

    Args:
        registry: where names are looked up.
        recipe: bare or qualified name.
        layers: ``(origin, values)`` pairs; ``part.option`` keys address a part.
        losses: ``NAME`` or ``NAME:WEIGHT``, added to the recipe's losses; the name of one that the
            recipe has gives it another weight, and weight 0 takes it out.

    Raises:
        UsageError: an unknown name or option, a bad value, or parts that do not fit together; all
            that is wrong is said at once.
    """
    entry = registry.get("recipe", recipe)
    problems: list[str] = []
    own_layers, part_layers = [], []
    for origin, values in layers:
        own, parts = split_parts(values)
        own_layers.append((origin, own))
        part_layers += [(origin, part, options) for part, options in parts.items()]
    try:
        bound = bind(entry.record.options, own_layers)
    except UsageError as error:
        problems.append(str(error))
        bound = bind(entry.record.options)  # to find what else is wrong
    with blame(entry):
        composition: Composition = registry.resolve(entry)(bound.options)
    wanted = [*composition.losses]
    for text in losses:
        try:
            wanted = with_loss(registry, entry, wanted, text)
        except UsageError as error:
            problems.append(str(error))
    used: set[int] = set()

    def planned(kind: str, part: Part) -> PlannedPart | None:
        try:
            found = registry.get(kind, part.name, within=entry.plugin)
            mine = [("recipe", part.options)]
            for number, (origin, name, options) in enumerate(part_layers):
                if found.means(name):
                    used.add(number)
                    mine.append((origin, options))
            return PlannedPart(found, bind(found.record.options, mine).options, part.weight)
        except LvmctlError as error:
            problems.append(f"{kind} {part.name}: {error}")
            return None

    model = planned("model", composition.model)
    all_losses = [planned("loss", part) for part in wanted]
    chosen = [part for part in all_losses if part is not None and part.weight]
    kill = [planned("gate", part) for part in composition.kill]
    for number, (origin, name, _) in enumerate(part_layers):
        if number not in used:
            names = [part.name for part in (composition.model, *wanted, *composition.kill)]
            problems.append(f"{origin} addresses {name!r}, the parts are {', '.join(names)}")
    if not problems:
        problems += misfits(model, chosen, bound.options)
    if problems:
        raise UsageError("; ".join(problems), where=f"recipe {recipe}")
    return Plan(
        recipe=recipe,
        options=bound.options,
        origins=bound.origins,
        model=model,
        losses=tuple(chosen),
        kill=tuple(kill),
        key_options=composition.run_name,
    )


def with_loss(registry: Registry, recipe: Entry, parts: list[Part], text: str) -> list[Part]:
    """``parts`` with the loss ``NAME[:WEIGHT]`` added or given another weight."""
    name, colon, factor = text.rpartition(":")
    name, factor = (name, factor) if colon else (text, "1")
    try:
        weight = float(factor)
    except ValueError:
        weight = float("nan")
    if not 0 <= weight < float("inf"):
        raise UsageError(
            f"{factor!r} is no weight",
            where=f"--loss {text}",
            mend="write NAME:WEIGHT, e.g. mse:.5",
        )
    found = registry.get("loss", name)
    for number, part in enumerate(parts):
        if registry.get("loss", part.name, within=recipe.plugin).qualified == found.qualified:
            changed = dataclasses.replace(part, weight=weight)
            return [*parts[:number], changed, *parts[number + 1 :]]
    return [*parts, Part(found.qualified, {}, weight)]


def misfits(
    model: PlannedPart, losses: Sequence[PlannedPart], options: TrainingOptions
) -> list[str]:
    """Why the parts cannot work together, empty when they can."""
    problems = []
    if not losses:
        problems.append("no loss has a weight above 0, there is nothing to minimise")
    for part in losses:
        record: LossSpec = part.entry.record
        unknown = set(record.needs) - set(FIELDS)
        if unknown:
            problems.append(f"loss {record.name} needs unknown batch fields {sorted(unknown)}")
        missing = set(record.needs_prediction) - set(model.entry.record.gives)
        if missing:
            problems.append(
                f"loss {record.name} needs the prediction's {', '.join(sorted(missing))}, which "
                f"model {model.entry.qualified} does not give"
            )
        if "second_last" in record.needs and options.context < 2:
            problems.append(f"loss {record.name} needs second_last, use --context 2 or more")
    return problems


def from_record(registry: Registry, record: Mapping[str, Any]) -> Plan:
    """The plan a run was made with, from its ``config.json``.

    Raises:
        PluginError: a plugin it needs is not there, broken or contested.
        UsageError: an installed plugin no longer takes the saved options.
    """

    def part(kind: str, saved: Mapping[str, Any]) -> PlannedPart:
        entry = registry.get(kind, saved["name"])
        options = bind(entry.record.options, [("config.json", saved["options"])]).options
        return PlannedPart(entry, options, saved["weight"])

    recipe = registry.get("recipe", record["recipe"])
    bound = bind(recipe.record.options, [("config.json", record["options"])])
    return Plan(
        recipe=record["recipe"],
        options=bound.options,
        origins=dict(record["origins"]),
        model=part("model", record["model"]),
        losses=tuple(part("loss", saved) for saved in record["losses"]),
        kill=tuple(part("gate", saved) for saved in record["kill"]),
        key_options=dict(record["key_options"]),
    )
