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
from lvmctl.schedule import Schedule
from lvmctl.spec import Composition, Part, Shape

Layers = Sequence[tuple[str, Mapping[str, Any]]]
ROLES = ("kill", "sample", "select")
MANY = ("losses", *ROLES)


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
        found = {"name": self.entry.qualified, "weight": str(self.weight), "options": options}
        return found | ({"added": True} if self.added else {})


@dataclass(frozen=True)
class Plan:
    """A recipe with everything decided.

    Attributes:
        recipe: name of the recipe.
        options: the recipe's options.
        origins: where each option's value came from.
        model, losses, kill, sample, select: the parts; see :class:`lvmctl.spec.Composition`.
        key_options: what the run directory's name shows.
    """

    recipe: str
    options: TrainingOptions
    origins: dict[str, str]
    model: PlannedPart
    losses: tuple[PlannedPart, ...]
    kill: tuple[PlannedPart, ...]
    sample: tuple[PlannedPart, ...]
    select: tuple[PlannedPart, ...]
    key_options: dict[str, Any]

    def shape(self, dim: int) -> Shape:
        """What models and losses are built for on chunks of width ``dim``."""
        return Shape(dim, self.options.context, self.options.horizon)

    @property
    def parts(self) -> tuple[PlannedPart, ...]:
        """Model, losses and gates."""
        return (self.model, *self.losses, *self.kill, *self.sample, *self.select)

    @property
    def needs(self) -> set[str]:
        """Batch fields the losses and the sample gates read."""
        return {name for part in (*self.losses, *self.sample) for name in part.entry.record.needs}

    def record(self) -> dict[str, Any]:
        """As saved in ``config.json``; :func:`from_record` reads it back."""
        return {
            "recipe": self.recipe,
            "options": dataclasses.asdict(self.options),
            "origins": self.origins,
            "model": self.model.record(),
            **{name: [part.record() for part in getattr(self, name)] for name in MANY},
            "key_options": self.key_options,
        }

    def describe(self) -> str:
        """The composition in one line: ``p8: p8/mixture | 1 × p8/listwise + …``."""
        losses = " + ".join(f"{part.weight} × {part.entry.qualified}" for part in self.losses)
        gates = [f" | {role}: {p.entry.qualified}" for role in ROLES for p in getattr(self, role)]
        model, first = self.model.entry.qualified, self.options.transform
        model = model if first == "none" else f"{first} chunks | {model}"
        return f"{self.recipe}: {model} | {losses}{''.join(gates)}"


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
    bound = bind(entry.record.options, own_layers, problems)
    with blame(entry):
        composition: Composition = registry.resolve(entry)(bound.options)
    wanted, own_losses = [*composition.losses], {part.name for part in composition.losses}
    for text in losses:
        try:
            wanted = with_loss(registry, entry, wanted, text)
        except UsageError as error:
            problems.append(str(error))
    used: set[int] = set()

    def planned(kind: str, part: Part, role: str = "") -> PlannedPart | None:
        try:
            found = registry.get(kind, part.name, within=entry.plugin)
            mine = [("recipe", part.options)]
            for number, (origin, name, options) in enumerate(part_layers):
                if found.means(name):
                    used.add(number)
                    mine.append((origin, options))
                    twice = options.keys() & part.options.keys() & dict(own_layers)[origin].keys()
                    problems.extend(
                        f"{key} and {name}.{key} are both given ({origin})" for key in sorted(twice)
                    )
            options = bind(found.record.options, mine).options
            if kind == "gate" and found.record.role != role:
                raise UsageError(f"it is a {found.record.role} gate, the recipe uses it to {role}")
            added = kind == "loss" and part.name not in own_losses
            return PlannedPart(found, options, Schedule.parse(part.weight), added)
        except LvmctlError as error:
            problems.append(f"{kind} {part.name}: {error}")
            return None

    model = planned("model", composition.model)
    all_losses = [planned("loss", part) for part in wanted]
    chosen = [part for part in all_losses if part is not None and part.weight.most > 0]
    gates = {
        role: tuple(planned("gate", part, role) for part in getattr(composition, role))
        for role in ROLES
    }
    for number, (origin, name, _) in enumerate(part_layers):
        if number not in used:
            parts = [composition.model, *wanted]
            parts += [part for role in ROLES for part in getattr(composition, role)]
            names = [part.name for part in parts]
            problems.append(f"{origin} addresses {name!r}, the parts are {', '.join(names)}")
    if None not in (model, *all_losses, *gates["sample"]):
        problems += misfits(model, chosen, gates["sample"], bound.options)
    if problems:
        raise UsageError("; ".join(problems), where=f"recipe {recipe}")
    return Plan(
        recipe=recipe,
        options=bound.options,
        origins=bound.origins,
        model=model,
        losses=tuple(chosen),
        **gates,
        key_options=composition.run_name,
    )


def with_loss(registry: Registry, recipe: Entry, parts: list[Part], text: str) -> list[Part]:
    """``parts`` with the loss ``NAME[:WEIGHT]`` added or given another weight."""
    name, colon, weight = text.partition(":")
    weight = weight if colon else "1"
    try:
        Schedule.parse(weight)
    except UsageError as error:
        mend = f"{error.mend}, e.g. mse:.5 or mse:0,4=.5"
        raise UsageError(error.what, where=f"--loss {text}", mend=mend) from None
    found = registry.get("loss", name)
    for number, part in enumerate(parts):
        if registry.get("loss", part.name, within=recipe.plugin).qualified == found.qualified:
            changed = dataclasses.replace(part, weight=weight)
            return [*parts[:number], changed, *parts[number + 1 :]]
    return [*parts, Part(found.qualified, {}, weight)]


def misfits(
    model: PlannedPart,
    losses: Sequence[PlannedPart],
    sample: Sequence[PlannedPart],
    options: TrainingOptions,
) -> list[str]:
    """Why the parts cannot work together, empty when they can."""
    problems = []
    if not losses:
        problems.append("no loss has a weight above 0, there is nothing to minimise")
    elif (epoch := idle(losses, options.epochs)) is not None:
        problems.append(f"no loss has a weight above 0 in epoch {epoch}")
    for part in (*losses, *sample):
        record, named = part.entry.record, f"{part.entry.kind} {part.entry.name}"
        unknown = set(record.needs) - set(FIELDS)
        if unknown:
            problems.append(f"{named} needs unknown batch fields {sorted(unknown)}")
        if "second_last" in record.needs and options.context < 2:
            problems.append(f"{named} needs second_last, use --context 2 or more")
        if "rollout" in getattr(record, "needs_prediction", ()) and options.horizon != 1:
            problems.append(f"{named} feeds predictions back, which needs --horizon 1")
    for part in losses:
        missing = {*part.entry.record.needs_prediction} - {*model.entry.record.gives, "rollout"}
        if missing:
            problems.append(
                f"loss {part.entry.name} needs the prediction's {', '.join(sorted(missing))}, "
                f"which model {model.entry.qualified} does not give, leave it out"
            )
    return problems


def idle(losses: Sequence[PlannedPart], epochs: int) -> int | None:
    """The first epoch in which no loss has a weight, None where each has one."""
    last = 1 + max(part.weight.pieces[-1].begin for part in losses)
    for epoch in range(1, min(last, epochs) + 1):
        if all(part.weight.silent(epoch) for part in losses):
            return epoch
    return None


def from_record(registry: Registry, record: Mapping[str, Any]) -> Plan:
    """The plan a run was made with, from its ``config.json``.

    Raises:
        PluginError: a plugin it needs is not there, broken or contested.
        UsageError: an installed plugin no longer takes the saved options.
    """

    def part(kind: str, saved: Mapping[str, Any]) -> PlannedPart:
        entry = registry.get(kind, saved["name"])
        options = bind(entry.record.options, [("config.json", saved["options"])]).options
        return PlannedPart(
            entry, options, Schedule.parse(saved["weight"]), saved.get("added", False)
        )

    recipe = registry.get("recipe", record["recipe"])
    bound = bind(recipe.record.options, [("config.json", record["options"])])
    return Plan(
        recipe=record["recipe"],
        options=bound.options,
        origins=dict(record["origins"]),
        model=part("model", record["model"]),
        losses=tuple(part("loss", saved) for saved in record["losses"]),
        **{role: tuple(part("gate", saved) for saved in record[role]) for role in ROLES},
        key_options=dict(record["key_options"]),
    )
