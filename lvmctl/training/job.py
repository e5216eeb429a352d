"""From what the user asked for to a finished run: data, plan, run directory, training."""

from __future__ import annotations

import hashlib
import json
import os
import platform
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from pathlib import Path
from typing import Any

from lvmctl.config import split_parts
from lvmctl.data import Windows, open_splits
from lvmctl.data.splits import Splits
from lvmctl.errors import LvmctlError, RunError, UsageError
from lvmctl.files import write_json
from lvmctl.registry import load_registry
from lvmctl.runs import RunDirectory, new_run
from lvmctl.training.backend import Backend, choose_backend, choose_device
from lvmctl.training.loop import Result, Screen, Training
from lvmctl.training.plan import Layers, Plan, from_record, make_plan

FORMAT = "lvmctl.run/1"
DATA_SEED = 0
PACKAGES = ("lvmctl", "torch", "numpy", "pluggy")


@dataclass(frozen=True)
class Request:
    """What ``lvmctl train`` was asked for.

    Attributes:
        recipe: name of the recipe.
        layers: option values by origin, the strongest last.
        losses: ``NAME[:WEIGHT]`` to add or to reweight.
        data, train, val, ood: sources; all None means the embedded default data.
        device: ``auto``, ``cpu``, ``cuda`` or ``mps``.
        out: the run directory; None chooses ``runs/<recipe>_<key options>_<timestamp>``.
        experiment: name of the experiment, if it came from one.
    """

    recipe: str
    layers: Layers = ()
    losses: Sequence[str] = ()
    data: str | None = None
    train: tuple[str, ...] = ()
    val: str | None = None
    ood: str | None = None
    device: str = "auto"
    out: Path | None = None
    experiment: str | None = None


@dataclass(frozen=True)
class Finished:
    """A run that ended by itself: its directory, its plan and its result."""

    run: RunDirectory
    plan: Plan
    result: Result
    demonstration: str | None


def start(request: Request, screen: Screen) -> Finished:
    """Train a recipe from the beginning.

    Raises:
        LvmctlError: before anything is written, for every fault of the request or the data; see
            :meth:`lvmctl.training.loop.Training.fit` for what can end it later.
    """
    registry = load_registry()
    plan = make_plan(registry, request.recipe, request.layers, request.losses)
    for part in plan.parts:
        registry.resolve(part.entry)  # a part that cannot be imported costs no run directory
    device = choose_device(request.device)
    sources = {
        "data": absolute(request.data),
        "train": [absolute(text) for text in request.train],
        "val": absolute(request.val),
        "ood": absolute(request.ood),
    }
    splits = open_splits(**sources)
    train, val = windows_of(plan, splits)
    backend = choose_backend(device, plan.options.precision)
    if request.out is None:
        run = new_run(plan.recipe, plan.key_options)
    else:
        run = RunDirectory.create(request.out)
    with run:
        config = {"format": FORMAT, "experiment": request.experiment, **plan.record()}
        config |= {"data": sources, "splits": split_records(splits), "backend": backend.record()}
        write_json(run.config, config)
        return train_in(run, plan, splits, train, val, backend, screen, resume=False)


def resume(
    path: Path, layers: Layers, device: str, screen: Screen, recipe: str | None = None
) -> Finished:
    """Continue the run at ``path`` from its newest checkpoint, bit for bit.

    Args:
        layers: only ``epochs`` may change, to train longer.
        recipe: the recipe the caller expects, None for any.

    Raises:
        RunError: no such run, a damaged checkpoint, or data that changed.
        UsageError: another recipe, or an option other than ``epochs``, is given.
    """
    run = RunDirectory.open(path)
    config = run.read(run.config)
    if recipe not in (None, config.get("recipe")):
        raise UsageError(
            f"the run trains {config.get('recipe')}", where="--resume", mend="leave --plugin out"
        )
    if config.get("format") != FORMAT:
        raise RunError("was written by another version of lvmctl", where=run.config)
    plan = with_epochs(from_record(load_registry(), config), layers)
    splits = open_splits(**config["data"])
    if split_records(splits) != config["splits"]:
        raise RunError(
            "the data is not what the run was started with (content hashes differ)",
            where=run.path,
            mend="restore the data, or start a new run",
        )
    train, val = windows_of(plan, splits)
    backend = same_backend(Backend(**config["backend"]), device, screen)
    with run:
        if plan.options.epochs != config["options"]["epochs"]:
            write_json(run.config, config | plan.record())
        return train_in(run, plan, splits, train, val, backend, screen, resume=True)


def train_in(
    run: RunDirectory,
    plan: Plan,
    splits: Splits,
    train: Windows,
    val: Windows,
    backend: Backend,
    screen: Screen,
    resume: bool,
) -> Finished:
    """Train in a locked run directory whose ``config.json`` is written."""
    registry = load_registry()
    for notice in splits.notices:
        screen.say(notice)
    screen.say(plan.describe())
    screen.say(
        f"train {len(train):,} windows of {len(train.split.articles):,} articles, "
        f"val {len(val):,} of {len(val.split.articles):,}; {run.path}"
    )
    run.update_manifest(**surroundings(plan, backend), splits=split_records(splits))
    training = Training(plan, registry, run, train, val, backend, screen)
    if resume:
        training.restore()
    if plan.options.best_by not in (training.validation.direct | {"loss": 0}):
        screen.say(
            f"no validation article has {plan.options.min_article} chunks, so there is no "
            "in-article retrieval: best_model.pt is chosen by cos_next"
        )
    registry.hook.lvmctl_before_run(run=run)
    begin = time.time()
    outcome = "failed"
    try:
        result = training.fit()
        outcome = "finished" if result.stopped is None else f"stopped: {result.stopped}"
    except LvmctlError as error:
        outcome = f"ended: {error.what}"
        raise
    finally:
        run.update_manifest(outcome=outcome, seconds=round(time.time() - begin, 1))
    registry.hook.lvmctl_after_run(run=run, result={"best": result.best, "stopped": result.stopped})
    return Finished(run, plan, result, splits.train.source.get("note"))


def windows_of(plan: Plan, splits: Splits) -> tuple[Windows, Windows]:
    """Training and validation windows, whole articles up to the plan's limits.

    Which articles is the same for every seed of a recipe, so that runs differ by training alone.
    """
    options = plan.options
    shape = (options.context, options.horizon)
    train, val = splits.train, splits.val
    if options.windows:
        train = train.subset(options.windows, *shape, DATA_SEED)
    if len(Windows(val, *shape)) > options.eval_windows:
        val = val.subset(options.eval_windows, *shape, DATA_SEED)
    return Windows(train, *shape), Windows(val, *shape)


def with_epochs(plan: Plan, layers: Layers) -> Plan:
    """``plan`` with the number of epochs a resume may change."""
    given = {key: value for _, values in layers for key, value in values.items()}
    own, parts = split_parts(given)
    others = [*(key for key in own if key != "epochs"), *parts]
    if others:
        raise UsageError(
            f"a resumed run keeps its options, {', '.join(others)} cannot change",
            where="--resume",
            mend="leave them out (only --epochs may change), or start a new run",
        )
    if "epochs" not in own:
        return plan
    return replace(plan, options=replace(plan.options, epochs=int(own["epochs"])))


def same_backend(saved: Backend, device: str, screen: Screen) -> Backend:
    """The run's own backend, applied; a difference of the machine is said aloud."""
    import torch

    if device not in ("auto", saved.device):
        raise UsageError(
            f"the run computes on {saved.device}", where="--resume", mend="leave --device out"
        )
    choose_device(saved.device)
    if saved.device == "cpu" and saved.threads != torch.get_num_threads():
        torch.set_num_threads(saved.threads)
    now = choose_backend(saved.device, saved.precision)
    saved.apply()
    changed = [
        f"{name} {getattr(saved, name)} → {getattr(now, name)}"
        for name in ("hardware", "torch")
        if getattr(saved, name) != getattr(now, name)
    ]
    if changed:
        screen.say(f"the machine changed ({', '.join(changed)}): not bit-identical from here on")
    return saved


def split_records(splits: Splits) -> dict[str, Any]:
    """What identifies the data, for ``config.json`` and the manifest."""
    found = {"train": splits.train, "val": splits.val, "ood": splits.ood}
    return {
        name: {"name": split.name, "dim": split.dim, "chunks": split.chunks, **split.source}
        for name, split in found.items()
        if split is not None
    }


def surroundings(plan: Plan, backend: Backend) -> dict[str, Any]:
    """Everything a figure of this run depends on."""
    options = json.dumps(plan.record(), sort_keys=True, default=str).encode()
    return {
        "format": FORMAT,
        "argv": sys.argv,
        "started": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "options_sha256": hashlib.sha256(options).hexdigest(),
        "seed": plan.options.seed,
        "packages": {name: metadata.version(name) for name in PACKAGES},
        "plugins": {
            part.entry.plugin.distribution: part.entry.plugin.version for part in plan.parts
        },
        "python": platform.python_version(),
        "platform": platform.platform(),
        "cpus": os.cpu_count(),
        "git_commit": git_commit(),
        "backend": backend.record(),
    }


def git_commit() -> str | None:
    """The commit of the checkout lvmctl runs from, None outside one."""
    here = Path(__file__).parent
    command = ["git", "-C", str(here), "rev-parse", "HEAD"]
    try:
        found = subprocess.run(command, capture_output=True, text=True, timeout=5, check=False)
    except (OSError, subprocess.SubprocessError):
        return None
    return found.stdout.strip() or None


def absolute(source: str | None) -> str | None:
    """A source that means the same from another working directory."""
    if source is None:
        return None
    if not source.startswith("synth:"):
        return os.path.abspath(source)
    head, found, path = source.partition("store=")
    if not found:
        return source
    path, ampersand, rest = path.partition("&")
    return f"{head}{found}{absolute(path)}{ampersand}{rest}"
