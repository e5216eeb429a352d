"""A finished run as a predictor: its model with the weights of its best epoch."""

from __future__ import annotations

import copy
import hashlib
import io
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from lvmctl.core.batch import Prediction
from lvmctl.core.chunks import Chunks
from lvmctl.core.errors import RunError, UsageError, first_line
from lvmctl.core.formatting import count
from lvmctl.core.hashes import RECORD, read_recorded
from lvmctl.core.inputs import real
from lvmctl.core.json_input import readable
from lvmctl.core.paths import typed
from lvmctl.core.run_directory import RunDirectory
from lvmctl.core.runs import PUBLISHED, is_published
from lvmctl.data.transforms import Transform
from lvmctl.evaluation.exported import from_safetensors
from lvmctl.evaluation.predictors import Predictor, own_score
from lvmctl.evaluation.published import open_published
from lvmctl.nn.objective import Objective
from lvmctl.plan import Plan, from_record
from lvmctl.registry import Registry
from lvmctl.registry.build import build
from lvmctl.registry.faults import attribute_errors


@dataclass(frozen=True)
class Trained:
    """A run that can predict.

    Attributes:
        run: its directory.
        config: its ``config.json``.
        plan: what was trained.
        dim: D.
        model: in evaluation mode, on the CPU, with the best epoch's weights.
        objective: its losses and sample gates, likewise.
        transform: what chunks go through first, if anything.
        weights_sha256: of the ``best_model.pt`` that was loaded.
    """

    run: RunDirectory
    config: dict[str, Any]
    plan: Plan
    dim: int
    model: nn.Module
    objective: Objective
    transform: Transform | None
    weights_sha256: str

    @property
    def name(self) -> str:
        """The run directory's name."""
        return real(self.run.path).name

    @property
    def notices(self) -> list[str]:
        """What a user should hear about it, one line each."""
        if (self.run.path / RECORD).exists() or PUBLISHED in self.config:
            return []
        return [f"{self.name} has no {RECORD}: whether its files were changed is unknown"]

    def in_space(self, same: bool) -> Trained:
        """The run as it serves chunks of the space that it was trained in, or of another, in which
        what was fitted counts as unknown."""
        if same or not hasattr(self.model, "forget_space"):
            return self
        model = copy.deepcopy(self.model)
        with attribute_errors(self.plan.model.entry):
            model.forget_space()
        return replace(self, model=model)

    def predictor(self, name: str | None = None) -> Predictor:
        """The run as a row of a table, called ``name`` (the recipe's by default)."""
        entry = self.plan.model.entry

        def call(context: Tensor, window: Chunks | None = None) -> Tensor:
            return self.predict(context, window).q

        return Predictor(
            name or self.plan.recipe,
            call,
            "run",
            own_score(entry, self.model),
            entry.record.geometry,
            reads=entry.record.reads,
            q_reads=entry.record.q_reads,
        )

    def predict(self, context: Tensor, window: Chunks | None = None) -> Prediction:
        """The model's whole :class:`~lvmctl.core.batch.Prediction` for contexts (B, K, D).

        Args:
            window: their chunks (B, K), for a model whose q reads more than vectors.

        Raises:
            UsageError: there is no window, and the model needs one.
        """
        entry, read = self.plan.model.entry, ()
        if entry.record.q_reads:
            read = (to_read(window, entry.record.reads),)
        with torch.inference_mode(), attribute_errors(entry):
            prediction = self.model(context, *read)
            if not isinstance(prediction, Prediction) or prediction.q.shape != context[:, 0].shape:
                raise TypeError("a model returns a Prediction whose q is (B, D)")
        return prediction


def to_read(window: Chunks | None, reads: tuple[str, ...]) -> Chunks:
    """The chunks of contexts for a model whose q ``reads`` more than vectors."""
    if window is None:
        raise UsageError(
            f"the model reads {' and '.join(reads)} of chunks, which vectors alone do not have",
            where="predict",
            hint="predict for chunks of a store or for texts",
        )
    return replace(window, reads=reads)


def load_run(registry: Registry, path: Path) -> Trained:
    """The run at ``path`` with the weights of ``best_model.pt`` (tensors only); or an exported
    folder, or a published model, see :func:`~lvmctl.evaluation.published.open_published`.

    Raises:
        RunError: no run is there, it has no best model, or its files are damaged.
        PluginError: a plugin it needs is missing or broken.
    """
    if is_published(Path(path)):
        place, config, plan, made, digest = open_published(registry, path)
        nothing = Objective((), ())
        return Trained(place, config, plan, made.dim, made.model, nothing, None, digest)
    run = RunDirectory.open(path)
    config = run.read(run.config)
    with readable(run.config, "is not the configuration of a run", "restore it, or train again"):
        dim = int(config["splits"]["train"]["dim"])
        plan = from_record(registry, config)
    weights, digest = read_weights(run)
    shape = plan.shape(dim)
    model = build(registry, plan.model.entry, options=plan.model.options, shape=shape)
    reads = plan.model.entry.record.reads
    q_reads = plan.model.entry.record.q_reads
    objective = Objective.of(registry, plan.losses, plan.sample, shape, reads, q_reads)
    try:
        model.load_state_dict(weights["model"])
        objective.load_state_dict(weights["losses"])
    except (RuntimeError, KeyError, TypeError, AttributeError) as error:
        raise RunError(
            f"does not fit the model in config.json ({first_line(error)})",
            where=run.weights,
            hint="restore both from one run, or train again",
        ) from error
    lost = [name for name, tensor in model.named_parameters() if not tensor.isfinite().all()]
    if lost:
        raise RunError(
            f"{count(len(lost), 'tensor')} of the model hold NaN or infinity, first {lost[0]}",
            where=run.weights,
            hint="restore the file, or train again",
        )
    first = None if plan.options.transform == "none" else Transform.load(run.transform)
    return Trained(run, config, plan, dim, model.eval(), objective.eval(), first, digest)


def read_weights(run: RunDirectory) -> tuple[Any, str]:
    """What ``best_model.pt``, or the ``model.safetensors`` of an exported folder, holds, and its
    SHA-256."""
    file = run.weights
    if not file.is_file():
        raise RunError(
            "has no best_model.pt: no epoch was finished",
            where=run.path,
            hint=f"go on with lvmctl train --resume {typed(run.path)}",
        )
    try:
        content = read_recorded(file, RunError)
        if file == run.exported_weights:
            weights = from_safetensors(content)
        else:
            weights = torch.load(io.BytesIO(content), map_location="cpu", weights_only=True)
    except RunError:
        raise
    except Exception as error:
        what = f"is damaged ({first_line(error)})"
        hint = "export the run again" if file == run.exported_weights else "train again"
        raise RunError(what, where=file, hint=hint) from error
    return weights, hashlib.sha256(content).hexdigest()
