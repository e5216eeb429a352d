"""The parts of a plan before their options are bound: what a recipe composes, with the model and
the losses that were typed."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lvmctl.config import bind, describe, matches, values_of
from lvmctl.core.errors import LvmctlError, UsageError
from lvmctl.core.schedule import Schedule
from lvmctl.plan.plan import PlannedPart
from lvmctl.registry import Entry, Registry
from lvmctl.registry.specs import Composition, Part
from lvmctl.registry.verdict_specs import VerdictGate

NAMED = re.compile(r"(.+\.py:[A-Za-z_]\w*|[^:]*)(?::(.*))?", re.DOTALL)
"""``NAME[:WEIGHT]``, where the name may be ``file.py:Class``."""


@dataclass
class Draft:
    """A part before its options are bound.

    Attributes:
        part: as the recipe gives it, or as it was typed.
        entry: what its name means.
        layers: values for the options of this part alone.
    """

    part: Part
    entry: Entry
    layers: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    def option(self, key: str) -> str | None:
        """The path in the part's options of ``record.option``, or of an option's name alone; None
        where the key means nothing of this part."""
        known = describe(self.entry.record.options)
        for dot in re.finditer(r"\.", key):
            owner, name = key[: dot.start()], key[dot.end() :]
            if self.entry.means(owner) or self.entry.means(owner.replace("_", "-")):
                return next((info.path for info in matches(known, name)), name)
        return next((info.path for info in matches(known, key)), None)

    def planned(self, added: bool) -> PlannedPart:
        """The part with its options; ``added``, where it is a loss that the recipe lacks."""
        cls, options, layers = self.entry.record.options, self.part.options, self.layers
        if isinstance(options, Mapping):
            options, layers = None, [("recipe", options), *layers]
        elif type(options) is not cls:
            raise UsageError(f"it takes {cls.__name__}, not {type(options).__name__}")
        bound = bind(cls, layers, base=options).options
        return PlannedPart(self.entry, bound, Schedule.parse(self.part.weight), added)


def as_typed(
    registry: Registry,
    recipe: Entry,
    composition: Composition,
    model: str,
    losses: Sequence[str],
    problems: list[str],
) -> Composition:
    """The composition with the ``model`` and the ``losses`` that were typed; what cannot be done is
    reported in ``problems`` and left out."""
    try:
        composition = with_model(registry, composition, model)
    except UsageError as error:
        problems.append(str(error))
    for text in losses:
        try:
            composition = with_loss(registry, recipe, composition, text)
        except UsageError as error:
            problems.append(str(error))
    return composition


def drafts_of(
    registry: Registry, recipe: Entry, composition: Composition, faults: list[str]
) -> list[Draft]:
    """Every part of a composition; a missing one is reported in ``faults`` and left out."""
    parts = [("model", composition.model), *(("loss", part) for part in composition.losses)]
    parts += [("gate", part) for part in composition.gates]
    drafts = []
    for kind, part in parts:
        try:
            entry = registry.get(kind, part.name, within=recipe.plugin)
            if isinstance(entry.record, VerdictGate):
                raise UsageError("it judges a finished model: name it in a profile")
            drafts.append(Draft(part, entry))
        except LvmctlError as error:
            faults.append(f"{kind} {part.name}: {error}")
    return drafts


def owners_of(key: str, drafts: Sequence[Draft], group_of: Mapping[int, str]) -> dict[str, Draft]:
    """The parts of which a key means an option, by the option's address.

    Args:
        key: ``record.option``, or an option's name alone.
        group_of: paths of the recipe's groups by the identity of their objects. The address of an
            option of such a group is its path, that of another ``plugin/record.option``.
    """
    owners = {}
    for draft in drafts:
        if (option := draft.option(key)) is not None:
            owner = group_of.get(id(draft.part.options), draft.entry.qualified)
            owners[f"{owner}.{option}"] = draft
    return owners


def with_model(registry: Registry, composition: Composition, name: str) -> Composition:
    """``composition`` with the model ``name``, which gets the options that it shares with the
    recipe's own; unchanged for an empty name."""
    if not name:
        return composition
    entry = registry.get("model", name)
    values, known = composition.model.options, describe(entry.record.options)
    if not isinstance(values, Mapping):
        values = values_of(values)
    shared = {info.path: values[info.path] for info in known if info.path in values}
    run_name = composition.run_name | {"": entry.name.lower()}
    return dataclasses.replace(composition, model=Part(entry.saved, shared), run_name=run_name)


def with_loss(registry: Registry, recipe: Entry, made: Composition, text: str) -> Composition:
    """``made`` with the loss ``NAME[:WEIGHT]`` added or given another weight."""
    name, weight = split_weight(text)
    try:
        Schedule.parse(weight)
    except UsageError as error:
        hint = f"{error.hint}, e.g. mse:.5 or mse:0,4=.5"
        raise UsageError(error.what, where=f"--loss {text}", hint=hint) from None
    entry, parts = registry.get("loss", name), list(made.losses)
    for number, part in enumerate(parts):
        if registry.get("loss", part.name, within=recipe.plugin).saved == entry.saved:
            parts[number] = dataclasses.replace(part, weight=weight)
            break
    else:
        parts.append(Part(entry.saved, {}, weight))
    return dataclasses.replace(made, losses=tuple(parts))


def split_weight(text: str) -> tuple[str, str]:
    """Name and weight of ``NAME[:WEIGHT]``."""
    name, weight = NAMED.fullmatch(text).groups()
    return name, "1" if weight is None else weight
