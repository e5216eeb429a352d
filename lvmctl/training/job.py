"""From what the user asked for to a finished run: data, plan, run directory, training."""

from __future__ import annotations

import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

from lvmctl import processes
from lvmctl.config.bind import DEFAULT, bind
from lvmctl.core.errors import LvmctlError, RunError, UsageError
from lvmctl.core.formatting import count
from lvmctl.core.json_input import readable
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.core.run_directory import RunDirectory, new_run
from lvmctl.data import Windows, open_splits
from lvmctl.data.splits.identity import same_data
from lvmctl.data.splits.levels import at_level_of
from lvmctl.data.splits.open import Splits
from lvmctl.data.transforms import BACKWARD, Transform, apply_transform, fit, read_backward
from lvmctl.plan import Layers, Plan, epoch_without_loss, from_record, make_plan
from lvmctl.registry import Registry, load_registry
from lvmctl.registry.faults import Hooks
from lvmctl.training import checkpoint, distributed, shareable
from lvmctl.training.backend import Backend, choose_backend, choose_device, keep_backend
from lvmctl.training.inputs import plan_for_data
from lvmctl.training.interrupts import Interrupts
from lvmctl.training.loop import Training
from lvmctl.training.provenance import FORMAT, READABLE, now, surroundings
from lvmctl.training.request import TrainRequest

DATA_SEED = 0


@processes.joined()
def start(request: TrainRequest, reporter: Reporter) -> RunDirectory:
    """Train a recipe from the beginning, together with the processes that torchrun started.

    Every fault of the request or the data is refused before anything is written; see
    :meth:`lvmctl.training.loop.Training.fit` for what can end it later.
    """
    registry = load_registry()
    plan = make_plan(registry, request.recipe, request.layers, request.losses)
    for part in plan.parts:
        registry.resolve(part.entry)  # a part that cannot be imported costs no run directory
    options = plan.options
    device = choose_device(request.device)
    shareable.require_place(device, options)
    reporter = SILENT if processes.rank() else reporter
    backend = choose_backend(device, options.precision, options.matmul)
    splits = open_splits(**request.sources)
    train, val = windows_of(plan, splits)
    name = plan.options.transform
    transform = None if name == "none" else fit(name, train.split)
    train, val = transformed(train, transform), transformed(val, transform)
    plan = plan_for_data(registry, request, plan, reporter, train, val)  # before a run directory
    config = {"format": FORMAT, "experiment": request.experiment, **plan.record()}
    config |= {
        "data": request.sources,
        "splits": splits.records(),
        "backend": backend.record(),
        "reads": plan.model.entry.record.reads,
    }

    hooks = Hooks(registry, reporter.warning, options.tracked)
    hooks.call("lvmctl_check_training", options=options)

    def fill(run: RunDirectory) -> None:
        if transform is not None:
            transform.save(run.transform)
        run.write(run.config, config)

    shareable.require_alike(plan, splits.records(), device)

    def make() -> RunDirectory:
        if request.out is None:
            return new_run(plan.recipe, plan.key_options, fill=fill)
        return RunDirectory.create(request.out, fill)

    run = distributed.run_directory(make)
    with run, Interrupts() as interrupts:
        training = Training(plan, registry, run, train, val, backend, reporter, interrupts)
        record = {**surroundings(plan, backend), "splits": config["splits"]}
        return finish(training, splits, record)


@processes.joined()
def resume(
    path: Path,
    layers: Layers,
    device: str,
    reporter: Reporter,
    recipe: str | None = None,
    sources: dict[str, Any] | None = None,
) -> RunDirectory:
    """Continue the run at ``path`` from its newest checkpoint, bit for bit where as many processes
    go on as there were.

    Args:
        layers: only ``epochs`` may change, to any number that is not below those trained.
        recipe: the recipe the caller expects, None for any.
        sources: where the same data is now, as ``data``, ``train``, ``val`` and ``ood``; None
            means where it was.

    Raises:
        RunError: no such run, damaged files, or other data.
        UsageError: another recipe, or an option other than ``epochs``, is given.
    """
    reporter, registry = SILENT if processes.rank() else reporter, load_registry()
    run = distributed.run_directory(lambda: RunDirectory.open(path))
    if not run.checkpoints.is_dir():
        raise RunError(
            "has no checkpoints to go on from, as exported and imported runs have none",
            where=run.path,
            hint="start a new run",
        )
    with run:
        config, manifest = run.read(run.config), run.read_manifest()
        what = "is not the configuration of a run"
        with readable(run.config, what, "restore it, or start a new run"):
            if config["format"] not in READABLE:
                raise RunError("was written by another version of lvmctl", where=run.config)
            same_recipe(registry, recipe, config["recipe"])
            plan = with_epochs(from_record(registry, config), layers)
            backend = Backend(**config["backend"])
            backend.apply()
            if sources is not None:
                config["data"] = at_level_of(config["data"], sources)
            splits = open_splits(**config["data"])
            if not same_data(splits.records(), config["splits"]):
                raise RunError(
                    "the data is not what the run was started with (content or splits differ)",
                    where=run.path,
                    hint="restore the data or name where it is with --data, or start a new run",
                )
        shareable.require_place(backend.device, plan.options)
        backend = keep_backend(backend, device, reporter)
        train, val = windows_of(plan, splits)
        transform = None if plan.options.transform == "none" else Transform.load(run.transform)
        train, val = transformed(train, transform), transformed(val, transform)
        with Interrupts() as interrupts:
            training = Training(plan, registry, run, train, val, backend, reporter, interrupts)
            if checkpoint.has_begun(run):
                training.restore()
            if plan.options.epochs < len(training.records):
                raise UsageError(
                    f"the run has {count(len(training.records), 'epoch')} already",
                    where="--resume",
                    hint=f"give --epochs {len(training.records)} or more",
                )
            reporter.info(where_it_goes_on(training))
            shareable.require_alike(plan, splits.records(), backend.device)
            run.write(run.config, config | {"format": FORMAT} | plan.record())
            resumed = {"argv": sys.argv, "started": now(), "backend": backend.record()}
            record = {"resumed": resumed | {"processes": processes.size()}}
            if not manifest:  # it was killed before it had one
                record |= {**surroundings(plan, backend), "splits": config["splits"]}
            return finish(training, splits, record)


def where_it_goes_on(training: Training) -> str:
    """How much of a run is trained, and what of it is left, in one line."""
    run, done, epochs = training.run.path, len(training.records), training.options.epochs
    if training.stopped is not None:
        return f"{run} was stopped after epoch {done} of {epochs}: nothing is left to train"
    if done == epochs:
        return f"{run} is finished, {count(done, 'epoch')}; --epochs N trains longer"
    if training.index:
        return f"{run} goes on in epoch {done + 1} of {epochs}, after step {training.index}"
    if done:
        return f"{run} goes on after epoch {done} of {epochs}"
    return f"{run} starts with epoch 1 of {epochs}"


def finish(training: Training, splits: Splits, record: dict[str, Any]) -> RunDirectory:
    """Train to the end in a locked run directory, which is returned, and say in its manifest how
    that went."""
    run, plan, reporter = training.run, training.plan, training.reporter
    windows = training.builder.windows, training.validation.builder.windows
    for notice in splits.notices:
        reporter.info(notice)
    if plan.options.direction == "backward":
        reporter.info(BACKWARD)
    reporter.info(plan.describe())
    train, val = (
        f"{count(len(w), 'window')} of {count(len(w.split.articles), 'article')}" for w in windows
    )
    reporter.info(f"train {train}; val {val}")
    reporter.info(f"run: {run.path}")
    if plan.options.best_by not in (training.validation.direct | {"loss": 0}):
        reporter.info(
            f"no validation article has {plan.options.min_article} chunks, so there is no "
            "in-article retrieval: best_model.pt is chosen by cos_next"
        )
    run.update_manifest(**record, notices=splits.notices, outcome="training", exit_code=None)
    processes.from_first(lambda: training.hooks.call("lvmctl_before_run", run=run))
    begin, outcome, code = time.time(), "failed", None
    try:
        training.fit()
        outcome = "finished" if training.stopped is None else f"stopped: {training.stopped}"
        code = 0
    except LvmctlError as error:
        outcome, code = f"ended: {error.what}", error.exit_code
        raise
    finally:
        seconds = round(time.time() - begin, 1)
        run.update_manifest(outcome=outcome, exit_code=code, seconds=seconds)
    ended = {"best": training.best, "epochs": len(training.records), "stopped": training.stopped}
    processes.from_first(lambda: training.hooks.call("lvmctl_after_run", run=run, result=ended))
    return run


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
    if options.direction == "backward":
        train, val = read_backward(train), read_backward(val)
    return Windows(train, *shape), Windows(val, *shape, options.eval_windows)


def transformed(windows: Windows, transform: Transform | None) -> Windows:
    """The same windows, of transformed chunks where there is a transform."""
    if transform is None:
        return windows
    split = apply_transform(windows.split, transform)
    return Windows(split, windows.context_length, windows.horizon, windows.enough)


def with_epochs(plan: Plan, layers: Layers) -> Plan:
    """``plan`` with the number of epochs a resume may change."""
    if others := [key for _, values in layers for key in values if key != "epochs"]:
        raise UsageError(
            f"a resumed run keeps its options, {', '.join(others)} cannot change",
            where="--resume",
            hint="leave them out (only --epochs may change), or start a new run",
        )
    bound = bind(type(plan.options), layers, base=plan.options)
    if (epoch := epoch_without_loss(plan.losses, bound.options.epochs)) is not None:
        raise UsageError(
            f"no loss has a weight above 0 in epoch {epoch}",
            where="--resume",
            hint="give fewer --epochs, or start a new run with other weights",
        )
    changed = {name: origin for name, origin in bound.origins.items() if origin != DEFAULT}
    return replace(plan, options=bound.options, origins=plan.origins | changed)


def same_recipe(registry: Registry, expected: str | None, recipe: str) -> None:
    """Refuse a run of another recipe than the caller expects."""
    if expected is None:
        return
    if len({registry.get("recipe", name).qualified for name in (expected, recipe)}) > 1:
        raise UsageError(f"the run trains {recipe}", where="--resume", hint="leave --plugin out")
