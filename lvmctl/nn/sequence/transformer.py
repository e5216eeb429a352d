"""The common sequence model: a pre-norm transformer read at its last position
(docs/methods.md#recipes)."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from lvmctl.nn.sequence import bf16
from lvmctl.nn.sequence.dropout import dropout
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit


class Block(nn.Module):
    """Pre-norm self-attention and feed-forward, each with dropout and a residual."""

    def __init__(self, width: int, heads: int, feedforward: int, dropout: float) -> None:
        super().__init__()
        self.heads = heads
        self.norm_attention = nn.LayerNorm(width)
        self.norm_feedforward = nn.LayerNorm(width)
        self.query = nn.Linear(width, width)
        self.key_value = nn.Linear(width, 2 * width)
        self.merge = nn.Linear(width, width)
        self.expand = nn.Linear(width, feedforward)
        self.contract = nn.Linear(feedforward, width)
        self.dropout = dropout

    def forward(self, x: Tensor, last_only: bool = False) -> Tensor:
        """(B, K, width) → (B, K, width), or (B, 1, width) when only the last token is wanted."""
        if bf16.applies(x):
            return self.by_hand(x, last_only)
        normed = self.norm_attention(x)
        if last_only:
            x = x[:, -1:]
        x = x + self.drop(self.merge(self.attend(normed, normed[:, -x.shape[1] :])))
        hidden = self.drop(functional.relu(self.expand(self.norm_feedforward(x))))
        return x + self.drop(self.contract(hidden))

    def by_hand(self, x: Tensor, last_only: bool) -> Tensor:
        """The same in bf16 on a CPU, in training."""
        p = self.dropout if self.training else 0.0
        attention = self.norm_attention, self.query, self.key_value, self.merge
        x = bf16.Attention.apply(x, last_only, self.heads, p, *weights(*attention))
        feedforward = self.norm_feedforward, self.expand, self.contract
        return bf16.FeedForward.apply(x, p, *weights(*feedforward))

    def attend(self, x: Tensor, asking: Tensor) -> Tensor:
        """Plain attention: at a handful of tokens the fused kernels are slower on a CPU."""
        batch, _, width = x.shape
        query = self.query(asking).view(batch, -1, self.heads, width // self.heads)
        key, value = self.key_value(x).view(batch, -1, 2, *query.shape[2:]).unbind(2)
        scale = query.shape[-1] ** -0.5
        scores = (query * scale).transpose(1, 2) @ key.permute(0, 2, 3, 1)
        weights = self.drop(scores.softmax(dim=-1))
        return (weights @ value.transpose(1, 2)).transpose(1, 2).reshape(batch, -1, width)

    def drop(self, x: Tensor) -> Tensor:
        return dropout(x, self.dropout, self.training)


def weights(*layers: nn.Linear | nn.LayerNorm) -> list[Tensor]:
    """Weight and bias of each layer."""
    return [tensor for layer in layers for tensor in (layer.weight, layer.bias)]


class Transformer(nn.Module):
    """Linear D → width, learned positions, pre-norm blocks, read at the last position.

    Args:
        options: width, layers, heads, feed-forward width and dropout.
        shape: D and K it is built for.

    The summary has unit norm: the final norm of a pre-norm stack, without its factor √width. With
    that factor one step at lr 5e-4 moves a head's outputs by whole units, and a softmax over the
    context saturates for good before the network has learned anything.

    Shapes: context (B, K, D) → summary (B, width), unit norm.
    """

    def __init__(self, options: SequenceOptions, shape: Shape) -> None:
        super().__init__()
        width = options.width
        self.embed = nn.Linear(shape.dim, width)
        self.position = nn.Parameter(torch.randn(shape.context_length, width) * 0.02)
        self.blocks = nn.ModuleList(
            Block(width, options.heads, options.feedforward, options.dropout)
            for _ in range(options.layers)
        )
        self.dropout = options.dropout

    def forward(self, context: Tensor) -> Tensor:
        x = self.embed(context) + self.position
        x = dropout(x, self.dropout, self.training)
        for block in self.blocks[:-1]:
            x = block(x)
        # Nothing reads the other positions after the last block, so they are not computed.
        x = self.blocks[-1](x, last_only=True)
        return unit(x[:, 0])
