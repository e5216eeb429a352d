"""Checkpoints of the published project as runs that can predict (docs/published-files.md#models).

They are read as tensors and plain data: nothing of a file is run.
"""

from __future__ import annotations

import hashlib
import io
import re
import warnings
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from lvmctl.core.errors import RunError, first_line
from lvmctl.core.inputs import open_input, real
from lvmctl.core.run_directory import RunDirectory
from lvmctl.core.runs import PUBLISHED, read_options
from lvmctl.nn.published import Layout, published_model
from lvmctl.nn.records import PlainOptions
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.plan import Plan, PlannedPart
from lvmctl.registry import Entry, Registry
from lvmctl.registry.specs import ModelSpec

CONTEXT = 5
"""K where neither the tensors nor a file beside them tell it."""

HEADS, RAMP = 8, 0.03
"""Attention heads and factor of positions that the project's scripts have by default."""

TWO_AHEAD = re.compile(r"(?<![a-z0-9])p6b?(?![a-z0-9])")
"""What names data or runs of P6 and P6b, which look two chunks ahead."""

_SCALAR = np.float64(0).__reduce__()[0]
SCALARS = [
    *((_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")),
    np.dtype,
    *(type(np.dtype(kind)) for kind in ("f8", "f4", "i8", "i4", "?")),
]
"""NumPy's numbers, which the project's scripts saved among the metrics."""


class PublishedRun(RunDirectory):
    """Where a published checkpoint is: its folder, or the file where it has another name than
    ``best_model.pt``."""

    def __init__(self, weights: Path) -> None:
        own = weights.name == "best_model.pt"
        super().__init__(weights.parent if own else weights)
        self.file = weights

    best_model = property(lambda self: self.file)
    config = property(lambda self: self.file.parent / "config.json")
    fivecat_partial = property(lambda self: self.file.parent / "5cat_partial.json")


def open_published(
    registry: Registry, path: Path
) -> tuple[PublishedRun, dict[str, Any], Plan, Layout, str]:
    """The model of a published checkpoint, a file or the folder of a ``best_model.pt``.

    K and h are those of the tensors, of the checkpoint's ``args``, or of ``config.json`` or
    ``args.json`` beside it; else 5, and 2 for P6 and P6b, which names say, and 1 for others.

    Returns:
        Where it is; what is known as a ``config.json``, D and that it is published; K, h and the
        model as a plan; the model itself; and the SHA-256 of the file.

    Raises:
        RunError: it is damaged, holds other objects than tensors and plain data, or has another
            layout; its keys are named.
    """
    weights = path if path.is_file() else path / "best_model.pt"
    checkpoint, digest = read_checkpoint(weights)
    state = state_of(checkpoint, weights)
    model = mapping(checkpoint.get("model_config"))
    options = options_of(weights.parent) | mapping(checkpoint.get("args")) | model
    heads = int(options.get("nhead") or HEADS)
    ramp = float(options.get("positional_scalar") or options.get("pos_scale") or RAMP)
    try:
        layout = published_model(state, heads, ramp)
    except (ValueError, RuntimeError, KeyError, AssertionError) as error:
        keys = sorted({".".join(key.split(".")[:2]) for key in state})
        shown = ", ".join(keys[:12]) + (f" and {len(keys) - 12} more" if len(keys) > 12 else "")
        what = f"is a model of a layout that is not known: it has {shown}"
        hint = "docs/published-files.md lists the layouts"
        raise RunError(what, where=weights, hint=hint) from error
    context = layout.context_length or int(options.get("context_length") or CONTEXT)
    plan = plan_of(registry, layout, context, horizon_of(options, weights), heads)
    config = {PUBLISHED: True, "data": {}, "splits": {"train": {"dim": layout.dim}}}
    return PublishedRun(weights), config, plan, layout, digest


def read_checkpoint(weights: Path) -> tuple[Mapping[str, Any], str]:
    """What a file of weights holds, tensors, numbers and text by name, and the file's SHA-256.

    Raises:
        RunError: it is damaged or holds anything else.
    """
    try:
        with torch.serialization.safe_globals(SCALARS), warnings.catch_warnings(action="ignore"):
            with open_input(weights) as file:
                data = file.read()
            checkpoint = torch.load(io.BytesIO(data), map_location="cpu", weights_only=True)
    except Exception as error:  # whatever PyTorch makes of what is no checkpoint
        refused = re.search(r"GLOBAL (\S+)", str(error))
        why = f"it holds {refused[1]}" if refused else first_line(error)
        what = f"cannot be read as tensors and plain data ({why})"
        hint = "copy it again, or save its model_state_dict alone where it was made"
        raise RunError(what, where=weights, hint=hint) from error
    if not isinstance(checkpoint, Mapping):
        kind = type(checkpoint).__name__
        raise RunError(f"holds a {kind}, not tensors by name", where=weights)
    return checkpoint, hashlib.sha256(data).hexdigest()


def state_of(checkpoint: Mapping[str, Any], weights: Path) -> dict[str, Tensor]:
    """The tensors of a checkpoint's model."""
    state = checkpoint.get("model_state_dict", checkpoint)
    tensors = isinstance(state, Mapping) and all(isinstance(t, Tensor) for t in state.values())
    if not tensors or not state:
        ours = {"model", "losses"} <= checkpoint.keys()
        hint = "docs/published-files.md lists what is read"
        hint = "give the run it belongs to, which has a config.json" if ours else hint
        keys = ", ".join(map(str, checkpoint))
        raise RunError(f"has no model_state_dict (it has {keys})", where=weights, hint=hint)
    return dict(state)


def mapping(value: Any) -> dict[str, Any]:
    """``value`` if it is one, else an empty one."""
    return dict(value) if isinstance(value, Mapping) else {}


def options_of(folder: Path) -> dict[str, Any]:
    """What a folder says of its training."""
    return read_options(folder / "args.json") | read_options(folder / "config.json")


def horizon_of(options: Mapping[str, Any], weights: Path) -> int:
    """h: 2 for P6 and P6b, 1 for others."""
    flagged = any(value is True and key.startswith("p6b") for key, value in options.items())
    names = [real(weights).parent.name, *(v for v in options.values() if isinstance(v, str))]
    return (
        2
        if flagged or any(TWO_AHEAD.search(name.lower().replace("_", "-")) for name in names)
        else 1
    )


def plan_of(registry: Registry, layout: Layout, context: int, horizon: int, heads: int) -> Plan:
    """A plan of a model that is not trained here."""
    spec = ModelSpec(
        name=f"published-{layout.name}",
        summary="A model of the published project.",
        target="lvmctl.nn.published:published_model",
        options=SequenceOptions,
        geometry=layout.geometry,
    )
    entry = Entry(spec, registry.get("model", "core/free").plugin)
    size = SequenceOptions(
        encoder=layout.name.rpartition("-")[2],
        width=layout.width,
        layers=layout.layers,
        heads=heads if layout.width % heads == 0 else 1,
    )
    return Plan(
        recipe=spec.name,
        package="published",
        options=PlainOptions(context=context, horizon=horizon),
        origins={},
        model=PlannedPart(entry, size),
        losses=(),
        gates=(),
        key_options={},
    )
