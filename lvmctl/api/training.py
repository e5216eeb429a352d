"""Training a recipe, and going on with a run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.api.run import Run
from lvmctl.api.store import named_sources
from lvmctl.config import load_experiments
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.core.runs import RunLike, find_run
from lvmctl.data.splits.levels import listed
from lvmctl.plan import Layers
from lvmctl.training import job
from lvmctl.training.request import absolutes, requested

if TYPE_CHECKING:
    from lvmctl.api.store import Source, Sources

ORIGIN = "lvmctl.train"
"""Where values that are given here came from, in ``config.json``."""


def train(
    recipe: str | None = None,
    *,
    data: Source | None = None,
    train: Sources = (),
    val: Source | None = None,
    ood: Source | None = None,
    level: str | None = None,
    out: str | os.PathLike[str] | None = None,
    experiment: str | None = None,
    context: int | None = None,
    horizon: int | None = None,
    epochs: int | None = None,
    seed: int | None = None,
    model: str | None = None,
    loss: str | Sequence[str] = (),
    device: str = "auto",
    reporter: Reporter = SILENT,
    options: Mapping[str, Any] | None = None,
    **more: Any,
) -> Run:
    """Train a recipe.

    With no data named, the embedded demonstration data is used. Ctrl-C saves a checkpoint and ends
    with :class:`lvmctl.Interrupted`; :func:`lvmctl.resume` goes on from there.

    Args:
        recipe: name of the recipe, e.g. ``p8``; an ``experiment`` has its own.
        data: a store or another source, whose own splits are used.
        train, val, ood: sources for each part, in the place of ``data``; several ``train`` sources
            are joined.
        level: train on this level of them, see :func:`lvmctl.add_level`; ``chunk`` is their own.
        out: the run directory; None chooses ``runs/<recipe>_<key options>_<time>``.
        experiment: a configuration of ``experiments.toml``, over which all else is laid.
        context, horizon: K chunks in a window; the target is the h-th unseen chunk.
        epochs: passes over the training windows.
        seed: of everything random.
        model: another model than the recipe's.
        loss: ``NAME[:WEIGHT]`` or several of them, added to the recipe's losses or reweighted.
        device: ``auto`` (a GPU where there is one), ``cpu``, ``cuda`` or ``mps``.
        reporter: shown messages, progress and epochs.
        options, more: other options of the recipe, as ``lvmctl train --set`` takes them:
            ``lr=1e-3``, ``{"listwise.temperature": 0.1}`` or ``listwise={"temperature": 0.1}``.

    Returns:
        The finished run.

    Raises:
        UsageError: an unknown name or option, a bad value, or parts that do not fit together.
        DataError: data that cannot be used.
        DivergedError: too many steps were not finite.
        PluginError: a plugin's code failed.
        Interrupted: SIGINT, SIGTERM or SIGHUP came; everything is saved.
        OutputError: ``out`` exists, or something cannot be written.

    Example:
        >>> run = lvmctl.train(
        ...     "p8",
        ...     data="synth:topic?articles=20&chunks=24&dim=8",
        ...     out=tmp_path / "run",
        ...     epochs=1,
        ...     sequence={"layers": 1, "width": 16, "heads": 2},
        ... )
        >>> run.best["epoch"], run.best["by"]
        (1, 'mrr@10')
    """
    named = {"context": context, "horizon": horizon, "epochs": epochs, "seed": seed, "model": model}
    values = {key: value for key, value in named.items() if value is not None}
    request = requested(
        recipe,
        None if experiment is None else load_experiments().get(experiment),
        layers=[(ORIGIN, values | dict(options or {}) | more)],
        losses=[loss] if isinstance(loss, str) else loss,
        sources=named_sources(data, train, val, ood),
        device=device,
        out=None if out is None else Path(out),
        level=level,
    )
    return Run(job.start(request, reporter).path)


def resume(
    run: RunLike = None,
    epochs: int | None = None,
    *,
    data: Source | None = None,
    train: Sources = (),
    val: Source | None = None,
    ood: Source | None = None,
    device: str = "auto",
    reporter: Reporter = SILENT,
) -> Run:
    """Continue a run from its newest checkpoint, bit for bit as if it had never ended.

    Args:
        run: a run, its path, its name in ``runs/`` or the beginning of either; None is the run
            trained last.
        epochs: train up to this many epochs; None is what the run was started with.
        data, train, val, ood: where the same data is now, if it was moved.
        device: the run's own, or ``auto``.
        reporter: shown messages, progress and epochs.

    Returns:
        The finished run.

    Raises:
        RunError: no such run, damaged files, or other data.
        UsageError: fewer epochs than it has, or another device.
        DivergedError, PluginError, Interrupted, OutputError: see :func:`lvmctl.train`.

    Example:
        >>> longer = lvmctl.resume(run_path, epochs=2)
        >>> len(longer.history)
        2
    """
    path = find_run(run)
    sources = named_sources(data, train, val, ood)
    layers = [] if epochs is None else [("lvmctl.resume", {"epochs": epochs})]
    return resume_run(path, layers, sources, device, reporter)


def resume_run(
    path: Path,
    layers: Layers,
    sources: Mapping[str, Any],
    device: str,
    reporter: Reporter,
    recipe: str | None = None,
) -> Run:
    """Continue the run at ``path``, whose data is now at ``sources`` where any is named; see
    :func:`lvmctl.training.job.resume`."""
    moved = absolutes(dict(sources)) if any(map(listed, sources.values())) else None
    return Run(job.resume(path, layers, device, reporter, recipe, moved).path)
