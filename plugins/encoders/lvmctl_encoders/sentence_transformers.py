"""Models of the library sentence-transformers, before their final normalisation."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from importlib import import_module
from typing import Any

import numpy as np

from lvmctl import DataError, UsageError
from lvmctl_encoders.plugin import SentenceTransformersOptions

UNLIMITED = 1_000_000
"""Tokens from which a model's limit is none."""


class SentenceTransformers:
    """A pretrained encoder. Its vectors are not normalised: the store keeps their norms.

    Args:
        options: see :class:`SentenceTransformersOptions`.

    Raises:
        DataError: the model cannot be loaded.
    """

    def __init__(self, options: SentenceTransformersOptions) -> None:
        library = import_module("sentence_transformers")

        self.options = options
        self._version = getattr(library, "__version__", "unknown")
        try:
            full = library.SentenceTransformer(options.model, device=options.device or None)
        except (OSError, ValueError) as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            what = f"the model cannot be loaded ({reason})"
            hint = "check its name and the network, or give the path of a downloaded model"
            raise DataError(what, where=options.model, hint=hint) from error
        self._layers = _layers(full, options.layers)
        self._model = library.SentenceTransformer(
            modules=self._layers, device=options.device or None
        )
        if options.max_tokens:
            self._model.max_seq_length = options.max_tokens

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to learn."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Vectors (N, D) float32 with the norms the model gave them."""
        rows = self._model.encode(
            list(texts),
            batch_size=self.options.batch_size,
            convert_to_numpy=True,
            normalize_embeddings=False,
            show_progress_bar=False,
        )
        return np.asarray(rows, np.float32)

    @property
    def max_length(self) -> int | None:
        """Tokens that are read of a text; None where the model does not say."""
        limit = getattr(self._model, "max_seq_length", None)
        counts = callable(getattr(self._model, "tokenizer", None))
        return int(limit) if counts and limit and limit < UNLIMITED else None

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each whole text, those that frame it included."""
        tokens = self._model.tokenizer(list(texts), truncation=False, verbose=False)
        return [len(ids) for ids in tokens["input_ids"]]

    def recipe(self) -> dict[str, Any]:
        """What the store's manifest says about the encoder."""
        return {
            "name": "sentence-transformers",
            **asdict(self.options),
            "max_tokens": getattr(self._model, "max_seq_length", None),
            "modules": [type(layer).__name__ for layer in self._layers],
            "normalized": False,
            "version": self._version,
        }


def _layers(model: Any, wanted: str) -> list[Any]:
    layers = [layer for layer in model if type(layer).__name__ != "Normalize"]
    if wanted == "all":
        return layers
    names = [type(layer).__name__ for layer in layers]
    if "Pooling" not in names:
        what = f"the model has no pooling layer (it has {', '.join(names)})"
        raise UsageError(what, hint="use the encoder option layers=all")
    return layers[: names.index("Pooling") + 1]
