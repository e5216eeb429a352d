"""The training loop, top to bottom: steps, epochs, validation, best model, checkpoints.

Everything random is a function of (seed, epoch, step) or of the generator state that a checkpoint
holds, so a run that was killed anywhere continues bit for bit.
"""

from __future__ import annotations

import math
import time
from typing import Any

import numpy as np
import torch

from lvmctl import processes
from lvmctl.core.batch import Step
from lvmctl.core.errors import DivergedError, Interrupted, PluginError
from lvmctl.core.formatting import count
from lvmctl.core.paths import typed
from lvmctl.core.reporter import Reporter
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data import Windows
from lvmctl.data.sampling import step_windows, steps_per_epoch
from lvmctl.evaluation.predictors import own_score
from lvmctl.nn.objective import Means, Objective, set_step
from lvmctl.plan import Plan
from lvmctl.registry import Registry
from lvmctl.registry.build import build
from lvmctl.registry.faults import Hooks, attribute_errors, attribute_errors_among
from lvmctl.training import checkpoint
from lvmctl.training.backend import Backend
from lvmctl.training.curriculum import Curriculum
from lvmctl.training.distributed import Shared
from lvmctl.training.fitting import Partial, fit_model
from lvmctl.training.graphed import GraphedSteps, require_gradient
from lvmctl.training.interrupts import Interrupts, unless_signalled
from lvmctl.training.rate import set_rate
from lvmctl.training.shareable import other_number, require_equal_weights
from lvmctl.training.state import load_state, state_dict
from lvmctl.training.stopping import StopRules
from lvmctl.training.validation import Validation, best_metric


class Training:
    """One model being trained in one run directory.

    Args:
        plan: what is trained.
        registry: resolves its parts.
        run: where it is written; the caller holds its lock.
        train, val: windows to learn from and to measure on.
        backend: how to compute.
        reporter: shown messages and progress.
        interrupts: what signals came; the caller holds it.
    """

    def __init__(
        self,
        plan: Plan,
        registry: Registry,
        run: RunDirectory,
        train: Windows,
        val: Windows,
        backend: Backend,
        reporter: Reporter,
        interrupts: Interrupts | None = None,
    ) -> None:
        self.plan, self.options = plan, plan.options
        self.run, self.backend, self.reporter = run, backend, reporter
        self.interrupts = interrupts or Interrupts()
        self.hooks = Hooks(registry, reporter.warning, self.options.tracked)

        torch.manual_seed(self.options.seed)
        shape = plan.shape(train.split.dim)
        model = build(registry, plan.model.entry, options=plan.model.options, shape=shape)
        self.model: torch.nn.Module = model.to(backend.device)
        spec = plan.model.entry.record
        reads = spec.reads, spec.q_reads
        objective = Objective.of(registry, plan.losses, plan.sample, shape, *reads)
        self.objective = objective.to(backend.device)
        self.shared = Shared(self.options.seed, backend.device == "cuda")
        self.parameters = [*self.model.parameters(), *self.objective.parameters()]
        self.optimizer = torch.optim.AdamW(
            self.parameters,
            lr=self.options.lr,
            weight_decay=self.options.weight_decay,
            fused=backend.device != "mps",
        )
        self.graphed = GraphedSteps(self)
        self.reason_to_stop = StopRules(plan, registry, run, self.hooks)

        common = {"seed": self.options.seed, "device": backend.device}
        self.builder = self.objective.batches(train, **common)
        val_builder = self.objective.batches(val, share=self.builder, **common)
        self.validation = Validation(val_builder, self.options.min_article, spec.geometry)
        self.curriculum = Curriculum(registry, plan.select, train, self.options.seed)
        self.visit(1)

        # What a checkpoint holds besides weights, optimiser and generator state: see state.py.
        self.epoch, self.index, self.before, self.means = 1, 0, 0, Means()
        self.skipped, self.skipped_here = 0, 0
        self.records: list[dict[str, Any]] = []
        self.best: dict[str, Any] | None = None
        self.stopped: str | None = None
        self.restored = False

    def fit(self) -> None:
        """Train to the last epoch, or until a rule stops it. ``training_history.json`` is replaced
        whole as each epoch ends, so a reader sees valid JSON at every instant.

        Raises:
            Interrupted: SIGINT, SIGTERM or SIGHUP came; a complete checkpoint is on disk.
            DivergedError: more than ``max_skips`` steps, or all of an epoch's, were non-finite, or
                no evaluation gave finite figures.
            PluginError: a plugin's code failed; the last checkpoint is on disk.
            DataError: a store was truncated meanwhile; the last checkpoint is on disk.
            OutputError: something could not be written; earlier checkpoints are intact.
            ProcessError: another process of the training ended; the last checkpoint is on disk.
        """
        self.run.write(self.run.history, self.records)
        if not self.restored:
            place = self.reporter, self.interrupts, self.run
            fit_model(self.plan.model.entry, self.model, self.builder.windows, *place)
            self.shared.share_start(self.model, self.objective)
            self.save()
            Partial(self.run).forget()
        try:
            while self.epoch <= self.options.epochs and self.stopped is None:
                self.stop_if_interrupted()
                self.one_epoch()
        except (PluginError, processes.ProcessError) as error:
            raise type(error)(
                error.what,
                where=error.where,
                hint=f"{error.hint}; the last checkpoint stands: --resume {typed(self.run.path)}",
            ) from error
        if self.best is None:
            raise DivergedError(
                "no evaluation gave finite figures",
                where=self.run.path,
                hint="use a smaller lr or precision=fp32; there is no best_model.pt",
            )

    def one_epoch(self) -> None:
        """Train, measure, ask the rules, keep the best, write it all down."""
        windows_per_s = self.train_epoch()
        record = {"epoch": self.epoch, "train": self.train_record()}
        if self.epoch % self.options.eval_every == 0 or self.epoch == self.options.epochs:
            record["val"] = self.validate()
        stopped = self.reason_to_stop(record)
        if stopped is not None:
            record["stopped"] = stopped
            if "val" not in record:
                record["val"] = self.validate()
        if "val" in record:
            self.keep_if_best(record)
        self.stopped = stopped
        self.records.append(record)
        self.run.write(self.run.history, self.records)
        self.reporter.epoch(record, self.options.epochs, windows_per_s)
        self.epoch, self.index, self.before = self.epoch + 1, 0, self.before + self.steps
        self.means, self.skipped_here = Means(), 0
        self.save()

    def train_epoch(self) -> float:
        """The rest of the current epoch; returns windows per second."""
        options = self.options
        order = self.visit(self.epoch)
        self.model.train()
        self.objective.train()
        begin, first = time.perf_counter(), self.index
        stage = f"epoch {self.epoch}/{options.epochs}"
        with self.reporter.progress(stage, "steps", self.steps, done=first) as advance:
            for index in range(first, self.steps):
                self.step(step_windows(order, options.batch_size, index))
                self.index = index + 1
                every = options.checkpoint_every
                if every and self.index % every == 0 and self.index < self.steps:
                    self.save()
                advance(1)
                self.stop_if_interrupted()
            self.graphed.look()
        seconds = time.perf_counter() - begin
        done = len(order) - first * options.batch_size
        return done / seconds if done > 0 else 0.0

    def visit(self, epoch: int) -> np.ndarray:
        """The windows of an epoch in their order; sets how many steps it has."""
        order = self.curriculum.order(epoch)
        self.selected = len(order) / len(self.builder.windows)
        self.steps = steps_per_epoch(len(order), self.options.batch_size)
        return order

    def step(self, index: np.ndarray) -> None:
        """One step on the windows ``index``; a non-finite one is skipped and counted."""
        batch = self.builder.batch(index, self.epoch, self.index)
        now = self.now()
        if self.options.graph:
            return self.graphed.step(batch, now)
        with self.backend.autocast():
            with attribute_errors(self.plan.model.entry):
                set_step(self.model, now)
                prediction = self.shared.predict(self.objective, self.model, batch, now)
            total, values = self.objective(prediction, batch, now)
        require_gradient(total, self.plan)
        with attribute_errors_among([part.entry for part in self.plan.parts]):
            total.backward()
        finite = torch.isfinite(self.shared.sum_gradients(self.model, self.objective, total))
        gradients = [p.grad for p in self.parameters if p.grad is not None]
        norm = torch.nn.utils.get_total_norm(gradients)
        set_rate(self.optimizer, self.options, now)
        if finite & torch.isfinite(norm):
            if 0 < self.options.clip < norm:
                torch.nn.utils.clip_grads_with_norm_(self.parameters, self.options.clip, norm)
            self.optimizer.step()
            self.means.add(values, len(index))
            if self.reporter.every and (self.before + self.index + 1) % self.reporter.every == 0:
                self.reporter.values(now, {name: float(value) for name, value in values.items()})
        else:
            self.skip()
        self.optimizer.zero_grad()

    def skip(self) -> None:
        """Count a non-finite step; too many end the training."""
        self.skipped += 1
        self.skipped_here += 1
        if self.skipped > self.options.max_skips or self.skipped_here == self.steps:
            raise DivergedError(
                f"{count(self.skipped, 'step')} had a non-finite loss or gradient, "
                f"the last at epoch {self.epoch}, step {self.index + 1}",
                where=self.run.path,
                hint="use a smaller lr or precision=fp32; the last checkpoint is intact",
            )

    def now(self) -> Step:
        return Step(self.epoch, self.index, self.options.epochs, self.steps)

    # ------------------------------------------------------------------ after an epoch

    def train_record(self) -> dict[str, Any]:
        record = self.means.result()
        if self.skipped_here:
            record["skipped_steps"] = self.skipped_here
        if self.plan.select:
            record["selected"] = self.selected
        return record

    def validate(self) -> dict[str, Any]:
        """Measure as of the last step made: the next epoch's schedules have not begun."""
        last = Step(self.epoch, self.steps - 1, self.options.epochs, self.steps)
        score = own_score(self.plan.model.entry, self.model)
        parts = self.model, self.objective, self.backend, last, self.interrupts.check, score
        set_step(self.model, last)
        val = processes.from_first(lambda: unless_signalled(self.validation, *parts))
        if val is None:
            self.stop_if_interrupted()
        return val

    def keep_if_best(self, record: dict[str, Any]) -> None:
        """Write ``best_model.pt`` when the named metric is the best yet and all is finite."""
        val, name = record["val"], best_metric(self.options.best_by, record["val"])
        value = val[name] * (-1 if name == "loss" else 1)
        finite = all(math.isfinite(x) for x in (value, val["loss"], val["cos_next"]))
        if finite and value > (self.best["value"] if self.best else -math.inf):
            self.best = {"value": value, "by": name, **record}
            if processes.rank() == 0:
                checkpoint.save_best(self.run, self.model, self.objective)

    # ------------------------------------------------------------------ stopping and going on

    def stop_if_interrupted(self) -> None:
        """Save and leave when a signal came, to any of the processes."""
        if not (received := processes.largest(self.interrupts.received or 0)):
            return
        self.save()
        raise Interrupted(
            received,
            f"interrupted at epoch {self.epoch}, step {self.index} of {self.steps}; all is saved",
            hint=f"continue with --resume {typed(self.run.path)}",
        )

    def save(self) -> None:
        """Write a checkpoint of this very moment; the first process does."""
        self.graphed.look()
        state, step = state_dict(self), self.before + self.index
        require_equal_weights(self.model)
        if processes.rank() == 0:
            checkpoint.save(self.run, state, step, self.options.keep_checkpoints)

    def restore(self) -> None:
        """Continue from the run's newest whole checkpoint; a RunError where there is none that
        fits."""
        state = checkpoint.load_latest(self.run, warning=self.reporter.warning)
        if changed := other_number(state):
            self.reporter.warning(changed)
        load_state(self, state)
        self.restored = True
