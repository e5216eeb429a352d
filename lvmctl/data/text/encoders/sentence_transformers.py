"""Sentence-transformers models, before their final normalisation (extra ``embed``)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, UsageError, first_line
from lvmctl.data.text.encoders.records import SentenceTransformersOptions


class SentenceTransformers:
    """A pretrained encoder. Its vectors are not normalised: the store keeps their norms.

    Args:
        options: see :class:`SentenceTransformersOptions`.

    Raises:
        UsageError: sentence-transformers is not installed.
        DataError: the model cannot be loaded.
    """

    def __init__(self, options: SentenceTransformersOptions) -> None:
        try:
            import sentence_transformers as library
        except ImportError as error:
            what = "the encoder sentence-transformers is not installed"
            raise UsageError(what, hint="pip install 'lvmctl[embed]'") from error
        self.options = options
        self._version = getattr(library, "__version__", "unknown")
        try:
            full = library.SentenceTransformer(options.model, device=options.device or None)
        except (OSError, ValueError) as error:
            what = f"the model cannot be loaded ({first_line(error)})"
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
