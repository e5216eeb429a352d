"""The forward pass of a BERT encoder, from its tensors."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional as F

from lvmctl import DataError, read_json

Linear = tuple[Tensor, Tensor]

ROWS = 512
"""Least rows of a product in bfloat16: processors with matrix units split the sums of smaller ones,
which rounds them otherwise."""


class Bert:
    """A BERT encoder for inference: token ids → one vector per token.

    Embeddings, attention and normalisations are float32, and products with weights in ``products``.
    A product rounded to bfloat16 is the same however many texts are computed together, from
    :data:`ROWS` on; attention in bfloat16 would not be.

    Args:
        folder: of ``config.json`` and ``model.safetensors``.
        products: dtype of the products with weights, float32 or bfloat16.
    """

    def __init__(self, folder: Path, device: torch.device, products: torch.dtype) -> None:
        from safetensors.torch import load_file

        config = read_json(folder / "config.json", DataError, "install its package again")
        tensors = load_file(folder / "model.safetensors", device=str(device))
        self.device, self.products = device, products
        self.width: int = config["hidden_size"]
        self._heads: int = config["num_attention_heads"]
        self._eps: float = config["layer_norm_eps"]
        self._words = tensors["embeddings.word_embeddings.weight"]
        # A text is one segment, so each position has the vector of the first.
        segment = tensors["embeddings.token_type_embeddings.weight"][0]
        self._positions = tensors["embeddings.position_embeddings.weight"] + segment
        self._first = pair(tensors, "embeddings.LayerNorm")
        layers = range(config["num_hidden_layers"])
        self._layers = [self._layer(tensors, f"encoder.layer.{layer}") for layer in layers]

    def _layer(self, tensors: Mapping[str, Tensor], name: str) -> dict[str, Linear]:
        read = [
            pair(tensors, f"{name}.attention.self.{part}") for part in ("query", "key", "value")
        ]
        layer = {
            "read": (
                torch.cat([weight for weight, _ in read]),
                torch.cat([bias for _, bias in read]),
            ),
            "write": pair(tensors, f"{name}.attention.output.dense"),
            "up": pair(tensors, f"{name}.intermediate.dense"),
            "down": pair(tensors, f"{name}.output.dense"),
        }
        cast = {
            n: (weight.to(self.products), b.to(self.products)) for n, (weight, b) in layer.items()
        }
        cast["attended"] = pair(tensors, f"{name}.attention.output.LayerNorm")
        cast["fed"] = pair(tensors, f"{name}.output.LayerNorm")
        return cast

    def __call__(self, tokens: Tensor, mask: Tensor) -> Tensor:
        """Vectors (B, T, width) float32 of ``tokens`` (B, T); where ``mask`` (B, T) is False there
        is no token."""
        x = self._words[tokens] + self._positions[: tokens.shape[1]]
        x = self._normalise(x, self._first)
        hidden = torch.zeros_like(mask, dtype=x.dtype).masked_fill(~mask, -torch.inf)[:, None, None]
        for layer in self._layers:
            attended = self._attend(self._product(x, layer["read"]), hidden)
            x = self._normalise(x + self._product(attended, layer["write"]), layer["attended"])
            fed = self._product(F.gelu(self._product(x, layer["up"])), layer["down"])
            x = self._normalise(x + fed, layer["fed"])
        return x

    def _attend(self, projected: Tensor, hidden: Tensor) -> Tensor:
        batch, length, _ = projected.shape
        parts = projected.float().view(batch, length, 3, self._heads, -1).permute(2, 0, 3, 1, 4)
        query, key, value = parts
        scores = query @ key.transpose(-1, -2) * query.shape[-1] ** -0.5 + hidden
        return (scores.softmax(-1) @ value).transpose(1, 2).reshape(batch, length, self.width)

    def _product(self, x: Tensor, linear: Linear) -> Tensor:
        x = x.to(self.products)
        rows, width = x.shape[:-1].numel(), x.shape[-1]
        if self.products == torch.float32 or rows >= ROWS:
            return F.linear(x, *linear)
        padded = F.pad(x.reshape(rows, width), (0, 0, 0, ROWS - rows))
        return F.linear(padded, *linear)[:rows].view(*x.shape[:-1], -1)

    def _normalise(self, x: Tensor, scale: Linear) -> Tensor:
        return F.layer_norm(x, (self.width,), *scale, self._eps)


def pair(tensors: Mapping[str, Tensor], name: str) -> Linear:
    """Weight and bias of a layer."""
    return tensors[f"{name}.weight"], tensors[f"{name}.bias"]
