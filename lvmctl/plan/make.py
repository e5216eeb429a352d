"""From a recipe's name and what was typed to a plan."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Sequence

from lvmctl.config import bind, describe, split_parts
from lvmctl.core.errors import LvmctlError, UsageError
from lvmctl.core.schedule import Schedule
from lvmctl.plan.fit import validate_plan
from lvmctl.plan.plan import Layers, Plan, PlannedPart, package
from lvmctl.registry import Entry, Registry
from lvmctl.registry.faults import attribute_errors
from lvmctl.registry.specs import Composition, Part, VerdictGate

NAMED = re.compile(r"(.+\.py:[A-Za-z_]\w*|[^:]*)(?::(.*))?", re.DOTALL)
"""``NAME[:WEIGHT]``, where the name may be ``file.py:Class``."""


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
    with attribute_errors(entry):
        composition: Composition = registry.resolve(entry)(bound.options)
    try:
        composition = with_model(registry, composition, bound.options.model)
    except UsageError as error:
        problems.append(str(error))
    wanted, own_losses = [*composition.losses], {part.name for part in composition.losses}
    for text in losses:
        try:
            wanted = with_loss(registry, entry, wanted, text)
        except UsageError as error:
            problems.append(str(error))
    used: set[int] = set()

    def planned(kind: str, part: Part) -> PlannedPart | None:
        try:
            found = registry.get(kind, part.name, within=entry.plugin)
            if isinstance(found.record, VerdictGate):
                raise UsageError("it judges a finished model; a profile asks for it, no recipe")
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
            added = kind == "loss" and part.name not in own_losses
            return PlannedPart(found, options, Schedule.parse(part.weight), added)
        except LvmctlError as error:
            problems.append(f"{kind} {part.name}: {error}")
            return None

    model = planned("model", composition.model)
    all_losses = [planned("loss", part) for part in wanted]
    chosen = [part for part in all_losses if part is not None and part.weight.most > 0]
    gates = [planned("gate", part) for part in composition.gates]
    for number, (origin, name, _) in enumerate(part_layers):
        if number not in used:
            names = [part.name for part in (composition.model, *wanted, *composition.gates)]
            problems.append(f"{origin} addresses {name!r}, the parts are {', '.join(names)}")
    if None not in (model, *all_losses, *gates):
        problems += validate_plan(model, chosen, gates, bound.options)
    if problems:
        raise UsageError("; ".join(problems), where=f"recipe {recipe}")
    return Plan(
        recipe=recipe,
        **package(entry),
        options=bound.options,
        origins=bound.origins,
        model=model,
        losses=tuple(chosen),
        gates=tuple(gates),
        key_options=composition.run_name,
    )


def with_model(registry: Registry, composition: Composition, name: str) -> Composition:
    """``composition`` with the model ``name``, which gets the options that it shares with the
    recipe's own; unchanged for an empty name."""
    if not name:
        return composition
    entry = registry.get("model", name)
    taken = {info.name for info in describe(entry.record.options)}
    options = {key: value for key, value in composition.model.options.items() if key in taken}
    run_name = composition.run_name | {"": entry.name.lower()}
    model = Part(entry.saved, options)
    return dataclasses.replace(composition, model=model, run_name=run_name)


def with_loss(registry: Registry, recipe: Entry, parts: list[Part], text: str) -> list[Part]:
    """``parts`` with the loss ``NAME[:WEIGHT]`` added or given another weight."""
    name, weight = split_weight(text)
    try:
        Schedule.parse(weight)
    except UsageError as error:
        mend = f"{error.mend}, e.g. mse:.5 or mse:0,4=.5"
        raise UsageError(error.what, where=f"--loss {text}", mend=mend) from None
    found = registry.get("loss", name)
    for number, part in enumerate(parts):
        if registry.get("loss", part.name, within=recipe.plugin).saved == found.saved:
            changed = dataclasses.replace(part, weight=weight)
            return [*parts[:number], changed, *parts[number + 1 :]]
    return [*parts, Part(found.saved, {}, weight)]


def split_weight(text: str) -> tuple[str, str]:
    """Name and weight of ``NAME[:WEIGHT]``."""
    name, weight = NAMED.fullmatch(text).groups()
    return name, "1" if weight is None else weight
