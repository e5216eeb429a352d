"""From a recipe's name and what was typed to a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter

from lvmctl.config import OptionInfo, bind, describe, matches, suggestion
from lvmctl.core.errors import LvmctlError, PluginError, UsageError
from lvmctl.core.tree import leaves
from lvmctl.plan.fit import validate_plan
from lvmctl.plan.parts import Draft, as_typed, drafts_of, owners_of
from lvmctl.plan.plan import Layers, Plan, PlannedPart, package
from lvmctl.registry import Registry
from lvmctl.registry.build import build
from lvmctl.registry.specs import Composition


def make_plan(
    registry: Registry, recipe: str, layers: Layers = (), losses: Sequence[str] = ()
) -> Plan:
    """Resolve a recipe.

    Args:
        registry: where names are looked up.
        recipe: bare or qualified name.
        layers: ``(origin, values)`` pairs. A key is a path or a short name of the recipe's options
            (:func:`lvmctl.config.matches`). Any other key means an option of a part, the recipe's
            or an added one: ``record.option``, or the option alone where one part has it.
        losses: ``NAME`` or ``NAME:WEIGHT``, added to the recipe's losses; the name of one that the
            recipe has gives it another weight, and weight 0 takes it out.

    Raises:
        UsageError: an unknown name or option, a bad value, or parts that do not fit together; all
            that is wrong is reported at once.
    """
    return _plan(registry, recipe, [(o, dict(leaves(values))) for o, values in layers], losses, {})


def _plan(
    registry: Registry,
    recipe: str,
    layers: Layers,
    losses: Sequence[str],
    aliases: Mapping[str, str],
) -> Plan:
    """``aliases`` has paths of the recipe's options, by keys that address them by their part."""
    entry = registry.get("recipe", recipe)
    known = describe(entry.record.options)
    groups = {group for info in known for group in info.groups}

    def is_recipes(key: str) -> bool:
        group = key.replace("-", "_").rpartition(".")[0]
        return key in aliases or group in groups or bool(matches(known, key))

    problems: list[str] = []
    faults: list[str] = []
    of_recipe = [(o, {k: v for k, v in vs.items() if is_recipes(k)}) for o, vs in layers]
    of_parts = [(o, k, v) for o, vs in layers for k, v in vs.items() if not is_recipes(k)]
    bound = bind(entry.record.options, of_recipe, problems, aliases=aliases)
    options, origins = bound.options, bound.origins
    composition = build(registry, entry, options=options)
    if not isinstance(composition, Composition):
        what = f"makes a {type(composition).__name__}, not a Composition"
        raise PluginError(what, where=f"recipe {recipe}", hint="name another recipe")
    named = {part.name for part in composition.losses}
    composition = as_typed(registry, entry, composition, options.model, losses, problems)
    drafts = drafts_of(registry, entry, composition, faults)

    # Where a part's options are a group of the recipe's, a value for the part is the group's.
    group_of = {id(attrgetter(group)(options)): group for group in groups}
    renamed: dict[str, str] = {}
    for origin, key, value in of_parts:
        owners = owners_of(key, drafts, group_of)
        if len(owners) != 1:
            problems.append(f"{_refusal(key, list(owners), known, drafts)} ({origin})")
            continue
        ((path, draft),) = owners.items()
        if id(draft.part.options) in group_of:
            renamed[key] = path
        elif origins.get(path) == origin:
            problems.append(f"{key} gives {path} again, give it once ({origin})")
        else:
            draft.layers.append((origin, {draft.option(key): value}))
            origins[path] = origin
    if renamed:
        return _plan(registry, recipe, layers, losses, {**aliases, **renamed})

    parts: dict[str, list[PlannedPart]] = {"model": [], "loss": [], "gate": []}
    for draft in drafts:
        try:
            kind = draft.entry.kind
            added = kind == "loss" and draft.part.name not in named
            parts[kind].append(draft.planned(added))
        except LvmctlError as error:
            faults.append(f"{draft.entry.kind} {draft.part.name}: {error}")
    chosen = tuple(part for part in parts["loss"] if part.weight.most > 0)
    if not faults:
        faults = validate_plan(registry, parts["model"][0], chosen, parts["gate"], options)
    if problems or faults:
        raise UsageError("; ".join([*problems, *faults]), where=f"recipe {recipe}")
    return Plan(
        recipe=recipe,
        **package(entry),
        options=options,
        origins=origins,
        model=parts["model"][0],
        losses=chosen,
        gates=tuple(parts["gate"]),
        key_options=composition.run_name,
    )


def _refusal(
    key: str, paths: Sequence[str], known: Sequence[OptionInfo], drafts: Sequence[Draft]
) -> str:
    """Why a key means no option of a plan, or several."""
    if paths:
        return f"{key!r} means {' and '.join(paths)}, write one of them"
    named = [(draft.entry.name, describe(draft.entry.record.options)) for draft in drafts]
    hint = suggestion(known, key, [f"{name}.{info.path}" for name, of in named for info in of])
    if hint is None:
        hint = f"parts are {', '.join(draft.part.name for draft in drafts)}"
        hint += "" if "." in key else "; `lvmctl plugins describe` lists options"
    return f"unknown option {key!r}, {hint}"
