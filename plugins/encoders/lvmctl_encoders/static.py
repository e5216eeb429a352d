"""Static vectors: a text is the mean of its tokens', whatever their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import numpy as np
from safetensors.numpy import load_file
from tokenizers import Tokenizer

from lvmctl import DataError
from lvmctl_encoders.files import packaged, release
from lvmctl_encoders.plugin import StaticOptions

WEIGHTS = "weights/l2_supercat_256.safetensors"
TOKENIZER = "tokenizers/l2_supercat_tokenizer_config.json"
TOGETHER = 256
"""Texts tokenised at once."""


class Static:
    """The mean of wordllama's token vectors, normalised.

    The table and the tokeniser are read from the package; none of its code runs, which would set up
    logging and load what embedding does not need.

    Args:
        options: see :class:`StaticOptions`.
    """

    def __init__(self, options: StaticOptions) -> None:
        self.options = options
        table = load_file(packaged("wordllama", WEIGHTS))["embedding.weight"]
        self._table = np.ascontiguousarray(table[:, : options.dim], np.float32)
        self._tokenizer = Tokenizer.from_file(str(packaged("wordllama", TOKENIZER)))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to learn."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (N, D) float32.

        Raises:
            DataError: a text without a token.
        """
        rows = np.empty((len(texts), self.options.dim), np.float32)
        for low in range(0, len(texts), TOGETHER):
            some = list(texts[low : low + TOGETHER])
            encodings = self._tokenizer.encode_batch_fast(some, add_special_tokens=False)
            for row, tokens in enumerate(encodings, low):
                if not tokens.ids:
                    raise DataError("a text is empty", hint="leave it out")
                self._table[tokens.ids].mean(0, out=rows[row])
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def recipe(self) -> dict[str, Any]:
        """What the store's manifest says about the encoder."""
        model = {"model": "l2_supercat", "pooling": "mean", "version": release("wordllama")}
        return {"name": "static", **asdict(self.options), **model}
