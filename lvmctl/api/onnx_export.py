"""A model as ONNX, for programs without Python or torch."""

from __future__ import annotations

import logging
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from lvmctl.api.model import Model
from lvmctl.core.errors import UsageError
from lvmctl.core.files import write_whole
from lvmctl.data.transforms import Transform
from lvmctl.registry.needs import missing

NEEDS = ("onnxscript", "onnxruntime")
INSTALL = "pip install 'lvmctl[onnx]'"

TOLERANCE = 1e-5
"""Most that a number of a prediction may differ by from torch's."""

CHECKED = 33
"""Contexts that both predict; the graph was made from another number of them."""


class Predictor(nn.Module):
    """Contexts (B, K, D) of unit chunks → q (B, D), the run's transform included."""

    mean: Tensor
    matrix: Tensor

    def __init__(self, network: nn.Module, transform: Transform | None) -> None:
        super().__init__()
        self.network, self.transformed = network, transform is not None
        if transform is not None:
            matrix = np.eye(len(transform.mean)) if transform.matrix is None else transform.matrix
            self.register_buffer("mean", torch.from_numpy(np.array(transform.mean, np.float32)))
            self.register_buffer("matrix", torch.from_numpy(np.array(matrix, np.float32)))

    def forward(self, context: Tensor) -> Tensor:
        if self.transformed:
            context = (context - self.mean) @ self.matrix
            context = context / context.norm(dim=-1, keepdim=True)
        return self.network(context).q


def write_onnx(model: Model, path: Path) -> float:
    """Write a model without a score of its own, which a graph of ``q`` would leave out, with input
    ``context`` and output ``q``.

    Returns the largest difference between a number of ONNX Runtime's predictions and of torch's. A
    UsageError where the libraries are missing, or the model cannot be converted.
    """
    if absent := missing(NEEDS):
        raise UsageError(f"ONNX needs {', '.join(absent)}", hint=INSTALL)
    transform = model._trained.transform
    content = graph(Predictor(model.module, transform), model.context_length, model.dim)
    rows = np.random.default_rng(0).standard_normal((CHECKED, model.context_length, model.dim))
    rows = (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)
    difference = float(np.abs(run_onnx(content, rows) - model.predict(rows)).max())
    if not difference <= TOLERANCE:
        what = f"ONNX predicts otherwise than torch, by up to {difference:.1g}"
        raise UsageError(what, where=model.path, hint="leave it out with --no-onnx")
    write_whole(path, content)
    return difference


def graph(predictor: Predictor, context_length: int, dim: int) -> bytes:
    """The graph of a predictor, for any number of contexts."""
    rows = nn.functional.normalize(torch.ones(3, context_length, dim), dim=-1)
    batch: Any = {"context": {0: torch.export.Dim("batch")}}
    disabled = logging.root.manager.disable
    logging.disable(logging.WARNING)  # of libraries that are not there and not needed
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            program: Any = torch.onnx.export(
                predictor.eval(),
                (rows,),
                input_names=["context"],
                output_names=["q"],
                dynamic_shapes=batch,
                dynamo=True,
                verbose=False,
            )
    except Exception as error:
        what = f"cannot be converted to ONNX ({type(error).__name__})"
        raise UsageError(what, hint="leave it out with --no-onnx") from error
    finally:
        logging.disable(disabled)
    proto = program.model_proto
    for part in (proto.graph, *proto.functions):
        for node in part.node:
            del node.metadata_props[:]  # where in whose files it came from
    return proto.SerializeToString()


def run_onnx(content: bytes, rows: np.ndarray) -> np.ndarray:
    """What ONNX Runtime makes of contexts (B, K, D)."""
    import onnxruntime

    session = onnxruntime.InferenceSession(content, providers=["CPUExecutionProvider"])
    return session.run(["q"], {"context": rows})[0]
