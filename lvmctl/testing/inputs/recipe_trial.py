"""A recipe trained for one epoch of a few steps on a tiny store."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, NamedTuple

import numpy as np
import torch

from lvmctl.config import describe, values_of
from lvmctl.core.batch import Step
from lvmctl.core.reporter import SILENT
from lvmctl.data import Windows, open_split
from lvmctl.evaluation.trained import Trained, load_run
from lvmctl.plan import make_plan
from lvmctl.testing.check import Subject
from lvmctl.testing.inputs.once import once_per_subject
from lvmctl.training.job import TrainRequest, start

SEQUENCE = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16}
TRAINING = {"epochs": 1, "batch_size": 16, "windows": 32, "eval_windows": 32, "min_article": 6}
TINY = SEQUENCE | TRAINING
"""Options of the sequence models that models share, and of a training, that make a run short."""


class Run(NamedTuple):
    """What a training left.

    Attributes:
        history: ``training_history.json``.
        logged: what each loss logs, by the loss's qualified name.
    """

    history: list[dict[str, Any]]
    logged: dict[str, list[str]]


def small(options: Any) -> dict[str, Any]:
    """The values of a recipe's ``options``, with those of :data:`TINY` as far as bounds allow."""
    values = values_of(options)
    for info in describe(type(options)):
        if info.name in TINY:
            low, high = info.low or 0, TINY[info.name] if info.high is None else info.high
            values[info.path] = min(max(TINY[info.name], low), high)
    return values


@once_per_subject
def trained(subject: Subject) -> Run:
    """Train the recipe through the door that ``lvmctl train`` uses, and open what it left.

    A loss that waits for a later epoch has its largest weight from the start.
    """
    registry, values = subject.registry, small(subject.options)
    name, layers = registry.address(subject.entry), [("check", values)]
    waiting = [p for p in make_plan(registry, name, layers).losses if p.weight.is_zero(1)]
    chunks = values["context"] + values["horizon"] + 10
    data = f"synth:topic?articles=24&chunks={chunks}&dim=8"
    with apart() as place:
        request = TrainRequest(
            recipe=name,
            layers=layers,
            losses=[f"{part.entry.qualified}:{part.weight.most}" for part in waiting],
            sources={"data": data},
            device="cpu",
            out=place / "run",
        )
        run = start(request, SILENT).run
        history = json.loads(run.history.read_text(encoding="utf-8"))
        windows = Windows(open_split(data), values["context"], values["horizon"])
        return Run(history, logged(load_run(registry, run.path), windows))


def logged(run: Trained, windows: Windows) -> dict[str, list[str]]:
    """What each loss of a run logs of some ``windows``, by its qualified name."""
    batch = run.objective.batches(windows).batch(np.arange(4))
    step = Step(1, 0, 1, 1)
    with torch.inference_mode():
        prediction = run.objective.predict(run.model, batch, step)
        values = run.objective.measure(prediction, batch, step)
    return {value.part.entry.qualified: [*value.logged()] for value in values}


@contextmanager
def apart() -> Iterator[Path]:
    """A directory that goes away, nothing on the terminal, and torch left as it was."""
    precision = torch.backends.mkldnn.matmul.fp32_precision
    with ExitStack() as stack:
        place = stack.enter_context(TemporaryDirectory(prefix="lvmctl-check-"))
        stack.enter_context(torch.random.fork_rng(devices=[]))
        stack.enter_context(redirect_stdout(io.StringIO()))
        stack.enter_context(redirect_stderr(io.StringIO()))
        try:
            yield Path(place)
        finally:
            torch.backends.mkldnn.matmul.fp32_precision = precision
            torch.set_flush_denormal(False)
