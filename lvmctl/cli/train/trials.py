"""Which trainings a command line asks for: patterns of experiments, several seeds."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from lvmctl.cli.train.request import Typed
from lvmctl.config import Experiment, load_experiments, parse_assignments
from lvmctl.config.experiments import Experiments, is_pattern
from lvmctl.core.errors import LvmctlError, UsageError

if TYPE_CHECKING:
    from lvmctl.training.sweep.sweep import Member

MOST = 1000
"""Members of one grid."""

LONGEST = 60
"""Letters of the readable part of a grid's name."""

RANGE = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?")


def seeds_of(text: str) -> list[int]:
    """``0,1,2``, ``0-2`` and ``0,3-5`` as seeds.

    Raises:
        UsageError: it is neither, a seed is named twice, or there are too many.
    """
    found: list[int] = []
    for item in text.split(","):
        match = RANGE.fullmatch(item.strip())
        if match is None:
            raise UsageError(
                f"{text[:40]!r} is no seed", where="--seed", mend="give 1, 0,1,2 or 0-2"
            )
        low, high = int(match[1]), int(match[2] or match[1])
        if high < low:
            raise UsageError(f"{item} ends before it begins", where="--seed", mend="give 0-2")
        if high - low >= MOST or len(found) >= MOST:
            raise UsageError(f"more than {MOST} seeds", where="--seed", mend="give fewer")
        found += range(low, high + 1)
    if len(set(found)) < len(found):
        raise UsageError("a seed is named twice", where="--seed", mend="name each once")
    return found


def many_seeds(typed: Typed) -> bool:
    """Whether several seeds are typed: ``-1`` is one, though a wrong one."""
    return any(sign in typed.flags.get("seed", "")[1:] for sign in ",-")


def only_experiment(typed: Typed) -> Experiment | None:
    """The one experiment that is asked for by its name, None without any.

    Raises:
        UsageError: see :meth:`lvmctl.config.Experiments.get`.
    """
    return load_experiments().get(typed.experiments[0]) if typed.experiments else None


def is_grid(typed: Typed) -> bool:
    """Whether a command line asks for a grid: a pattern, several experiments or several seeds."""
    if len(typed.experiments) != 1 or many_seeds(typed):
        return len(typed.experiments) > 1 or many_seeds(typed)
    name = typed.experiments[0]
    return is_pattern(name) and name not in load_experiments().names()


def members_of(typed: Typed, path: Path) -> list[tuple[Member, Typed]]:
    """The members of a grid at ``path`` and what each is trained by, told all faults at once.

    A member is named after its experiment (its recipe without one), with the seed behind it where
    seeds are typed: ``p7-baseline_seed1``.

    Raises:
        UsageError: an unknown or wrong experiment, a name that no directory can have, more
            members than a grid may have.
    """
    from lvmctl.training.sweep.sweep import Member

    experiments, faults = chosen(typed)
    seeds = seeds_of(typed.flags["seed"]) if "seed" in typed.flags else [None]
    if "seed" in typed.flags and "seed" in parse_assignments(typed.assignments):
        faults.append("--seed and --set seed= are both given; leave the second out")
    found: list[tuple[Member, Typed]] = []
    for experiment in experiments:
        group = experiment.name if experiment else (typed.recipe or "").replace("/", "-")
        for seed in seeds:
            name = group if seed is None else f"{group}_seed{seed}"
            flags = typed.flags if seed is None else {**typed.flags, "seed": str(seed)}
            one = replace(typed, flags=flags)
            try:
                request = one.request(experiment, path / name)
            except LvmctlError as error:
                faults.append(str(error))
                break
            found.append((Member(name, group, seed, request), one))
    names = [member.name for member, _ in found]
    faults += [
        f"{name!r} cannot be the name of a directory"
        for name in names
        if not name or name.startswith(".") or "/" in name or "\0" in name or "comparison." in name
    ]
    if len(found) > MOST:
        faults.append(f"{len(found)} members, at most {MOST} can be")
    if faults:
        raise UsageError("; ".join(dict.fromkeys(faults)))
    return found


def chosen(typed: Typed) -> tuple[list[Experiment | None], list[str]]:
    """The experiments the patterns mean, each once, and what is wrong with others."""
    if not typed.experiments:
        return [None], []
    known: Experiments = load_experiments()
    names: dict[str, None] = {}
    found, faults = [], []
    for pattern in typed.experiments:
        try:
            names |= dict.fromkeys(known.match(pattern))
        except UsageError as error:
            faults.append(str(error))
    for name in names:
        try:
            found.append(known.get(name))
        except UsageError as error:
            faults.append(str(error))
    return found, faults


def default_path(typed: Typed) -> Path:
    """``runs/grid_<readable name>_<hash>``: the same request finds its grid again."""
    from lvmctl.core.run_directory import ROOT

    seeds = seeds_of(typed.flags["seed"]) if "seed" in typed.flags else None
    record = typed.record() | {"experiments": sorted(typed.experiments)}
    record["flags"] = {**record["flags"], "seed": seeds}
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:8]
    return ROOT / f"grid_{readable(typed.experiments or [typed.recipe or ''])}_{digest}"


def readable(names: Sequence[str]) -> str:
    """``['p7-*', 'p8-pilot']`` as ``p7_p8-pilot``."""
    words = [re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.") for name in names]
    return "_".join(word or "all" for word in words)[:LONGEST]
