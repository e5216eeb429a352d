"""What was typed after ``lvmctl train``, and which trainings that asks for."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.config import Experiment, load_experiments, parse_assignments
from lvmctl.config.experiments import is_pattern
from lvmctl.core.errors import LvmctlError, UsageError

if TYPE_CHECKING:
    from lvmctl.training.request import TrainRequest
    from lvmctl.training.sweep.trials import Trial

SOURCES = ("data", "train", "val", "ood")
FLAGS = ("context", "horizon", "epochs", "seed", "model")

MAX_TRIALS = 1000
MAX_NAME = 60
"""Letters of the readable part of a sweep's name."""

RANGE = re.compile(r"(\d{1,19})(?:-(\d{1,19}))?")


@dataclass(frozen=True)
class CommandLine:
    """What one command line asks for, as it was typed after each option.

    ``flags`` holds those of :data:`FLAGS` that were typed, ``sources`` has None or () for what was
    not.
    """

    recipe: str | None = None
    experiments: Sequence[str] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    assignments: Sequence[str] = ()
    losses: Sequence[str] = ()
    sources: Mapping[str, Any] = field(default_factory=lambda: dict.fromkeys(SOURCES))
    device: str = "auto"
    level: str | None = None

    @property
    def layers(self) -> list[tuple[str, dict[str, Any]]]:
        """The typed option values by origin, ``--set`` over the flags."""
        return [("command line", dict(self.flags)), ("--set", parse_assignments(self.assignments))]

    @property
    def many_seeds(self) -> bool:
        """Whether several seeds are typed: ``-1`` is one, though a wrong one."""
        return any(sign in self.flags.get("seed", "")[1:] for sign in ",-")

    @property
    def is_sweep(self) -> bool:
        """Whether it asks for a sweep: a pattern, several experiments or several seeds."""
        if len(self.experiments) != 1 or self.many_seeds:
            return len(self.experiments) > 1 or self.many_seeds
        name = self.experiments[0]
        return is_pattern(name) and name not in load_experiments().names()

    def experiment(self) -> Experiment | None:
        """The one experiment that is asked for by its name, None without any."""
        return load_experiments().get(self.experiments[0]) if self.experiments else None

    def request(self, experiment: Experiment | None, out: Path | None = None) -> TrainRequest:
        """The training of ``experiment`` with what is typed laid over it, or of the recipe
        alone."""
        from lvmctl.training.request import requested

        return requested(
            self.recipe,
            experiment,
            layers=self.layers,
            losses=self.losses,
            sources=dict(self.sources),
            device=self.device,
            out=out,
            level=self.level,
        )

    def record(self) -> dict[str, Any]:
        """As plain data, for ``grid.json``; ``CommandLine(**record)`` reads it back.

        Sources mean the same from another directory.
        """
        from lvmctl.training.request import absolutes

        record = asdict(self) | {"sources": absolutes(dict(self.sources))}
        if self.level is None:  # a sweep from before there were levels keeps its name
            del record["level"]
        return record


def seeds_of(text: str) -> list[int]:
    """``0,1,2``, ``0-2`` and ``0,3-5`` as seeds."""
    seeds: list[int] = []
    for item in text.split(","):
        match = RANGE.fullmatch(item.strip())
        if match is None:
            raise UsageError(
                f"invalid seed {text[:40]!r}", where="--seed", hint="give 1, 0,1,2 or 0-2"
            )
        low, high = int(match[1]), int(match[2] or match[1])
        if high < low:
            raise UsageError(f"the range {item} is descending", where="--seed", hint="give 0-2")
        if high - low >= MAX_TRIALS or len(seeds) >= MAX_TRIALS:
            raise UsageError(f"more than {MAX_TRIALS} seeds", where="--seed", hint="give fewer")
        seeds += range(low, high + 1)
    if len(set(seeds)) < len(seeds):
        raise UsageError("a seed is named twice", where="--seed", hint="name each once")
    return seeds


def trials_of(typed: CommandLine, path: Path) -> list[Trial]:
    """The trials of a sweep at ``path``; all that is wrong is reported at once.

    A trial is named after its experiment (its recipe without one), with the seed behind it where
    seeds are typed: ``p7-baseline_seed1``.
    """
    from lvmctl.training.sweep.trials import Trial

    experiments, faults = chosen(typed)
    seeds = seeds_of(typed.flags["seed"]) if "seed" in typed.flags else [None]
    if "seed" in typed.flags and "seed" in parse_assignments(typed.assignments):
        faults.append("--seed and --set seed= are both given; leave the second out")
    trials: list[Trial] = []
    for experiment in experiments:
        group = experiment.name if experiment else (typed.recipe or "").replace("/", "-")
        for seed in seeds:
            name = group if seed is None else f"{group}_seed{seed}"
            flags = typed.flags if seed is None else {**typed.flags, "seed": str(seed)}
            try:
                request = replace(typed, flags=flags).request(experiment, path / name)
            except LvmctlError as error:
                faults.append(str(error))
                break
            trials.append(Trial(name, group, request))
    names = [trial.name for trial in trials]
    faults += [
        f"{name!r} cannot be the name of a directory"
        for name in names
        if not name or name.startswith(".") or "/" in name or "\0" in name or "comparison." in name
    ]
    if len(trials) > MAX_TRIALS:
        faults.append(f"{len(trials)} trials, at most {MAX_TRIALS} are allowed")
    if faults:
        raise UsageError("; ".join(dict.fromkeys(faults)))
    return trials


def chosen(typed: CommandLine) -> tuple[list[Experiment | None], list[str]]:
    """The experiments the patterns mean, each once, and what is wrong with others."""
    if not typed.experiments:
        return [None], []
    known = load_experiments()
    names: dict[str, None] = {}
    experiments, faults = [], []
    for pattern in typed.experiments:
        try:
            names |= dict.fromkeys(known.match(pattern))
        except UsageError as error:
            faults.append(str(error))
    for name in names:
        try:
            experiments.append(known.get(name))
        except UsageError as error:
            faults.append(str(error))
    return experiments, faults


def default_path(typed: CommandLine) -> Path:
    """``runs/grid_<readable name>_<hash>``: the same request finds its sweep again."""
    from lvmctl.core.run_directory import ROOT

    seeds = seeds_of(typed.flags["seed"]) if "seed" in typed.flags else None
    record = typed.record() | {"experiments": sorted(typed.experiments)}
    record["flags"] = {**record["flags"], "seed": seeds}
    digest = hashlib.sha256(json.dumps(record, sort_keys=True).encode()).hexdigest()[:8]
    return ROOT / f"grid_{readable(typed.experiments or [typed.recipe or ''])}_{digest}"


def readable(names: Sequence[str]) -> str:
    """``['p7-*', 'p8-pilot']`` as ``p7_p8-pilot``."""
    words = [re.sub(r"[^A-Za-z0-9.]+", "-", name).strip("-.") for name in names]
    return "_".join(word or "all" for word in words)[:MAX_NAME]
