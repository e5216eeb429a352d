"""The two halves of a transformer block in bf16 on a CPU, with their gradients written out.

Matrix units multiply so fast that what is left of a step is passes over memory. Here each half is
one function of autograd: every weight and every activation is rounded once, dropout is one pass in
place over 16-bit integers, and its scale lies in factors that are applied anyway. The residual
stream, the norms and the softmax stay float32. It is the arithmetic of
:class:`~lvmctl.nn.sequence.transformer.Block` under autocast, rounded elsewhere.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from lvmctl.nn.sequence.dropout import draw, keep, lowest, scale

BF16 = torch.bfloat16

EPS = 1e-5
"""Of the layer norms: torch's default."""


def applies(x: Tensor) -> bool:
    """Whether a block reads ``x`` this way: where gradients are taken, by a CPU, under bf16."""
    return (
        x.device.type == "cpu"
        and torch.is_grad_enabled()
        and torch.is_autocast_enabled("cpu")
        and torch.get_autocast_dtype("cpu") == BF16
    )


class Attention(torch.autograd.Function):
    """x + dropout(merge(attention(norm(x)))), of all tokens or of the last alone.

    ``apply(x, last_only, heads, p, norm, query, key_value, merge)``: x (B, K, width) float32, the
    dropout probability in training (else 0), then weight and bias of each of the four layers.
    """

    @staticmethod
    def forward(
        ctx: Any, x: Tensor, last_only: bool, heads: int, p: float, *layers: Tensor
    ) -> Tensor:
        gain, shift, *rest = layers
        normed, mean, deviation = torch.native_layer_norm(x, x.shape[-1:], gain, shift, EPS)
        normed = normed.to(BF16)
        weights = [layer.to(BF16) for layer in rest]
        query_w, query_b, key_value_w, key_value_b, merge_w, merge_b = weights
        asking = normed[:, -1:].contiguous() if last_only else normed
        query = split(functional.linear(asking, query_w, query_b), heads)
        key, value = (
            split(each, heads)
            for each in functional.linear(normed, key_value_w, key_value_b).chunk(2, dim=-1)
        )
        factor = query.shape[-1] ** -0.5
        # (…, keys, queries): a softmax down columns is vectorised, one along a few numbers is not.
        alpha = ((key @ query.transpose(1, 2)).float() * factor).softmax(dim=1)
        kept = keep(alpha.mT, p)
        # Both dropouts' scales: what follows is linear but for the bias of merge.
        share = alpha if kept is None else alpha * kept.mT * scale(p) ** 2
        share = share.to(BF16)
        mixed = joined(share.transpose(1, 2) @ value, heads)
        added = functional.linear(mixed, merge_w, merge_b * scale(p))
        drawn = zero(added, draw(added, p), p)
        ctx.save_for_backward(
            *(x, mean, deviation, gain, shift, normed, query, key, value, alpha, share, mixed),
            *(query_w, key_value_w, merge_w, kept, drawn),
        )
        ctx.last_only, ctx.heads, ctx.p, ctx.factor = last_only, heads, p, factor
        return added.float().add_(x[:, -1:] if last_only else x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:
        x, mean, deviation, gain, shift, normed, query, key, value, *saved = ctx.saved_tensors
        alpha, share, mixed, query_w, key_value_w, merge_w, kept, drawn = saved
        last_only, heads = ctx.last_only, ctx.heads
        above = above.contiguous()
        added = above.to(BF16)
        zero(added, drawn, ctx.p)
        merge_w_, merge_b_ = of_layer(added, mixed)
        mixed_ = split(added @ merge_w, heads)
        value_ = share @ mixed_
        alpha_ = (value @ mixed_.transpose(1, 2)).float()
        if kept is not None:
            alpha_ *= kept.mT * scale(ctx.p) ** 2
        scores_ = torch._softmax_backward_data(alpha_, alpha, 1, alpha.dtype)
        scores_ = scores_.mul_(ctx.factor).to(BF16)
        query_ = joined(scores_.transpose(1, 2) @ key, heads)
        key_value_ = torch.cat([joined(scores_ @ query, heads), joined(value_, heads)], dim=-1)
        asking = normed[:, -1:] if last_only else normed
        normed_ = key_value_ @ key_value_w
        (normed_[:, -1:] if last_only else normed_).add_(query_ @ query_w)
        x_, *norm = of_norm(normed_, x, mean, deviation, gain, shift)
        (x_[:, -1:] if last_only else x_).add_(above)
        asked = *of_layer(query_, asking), *of_layer(key_value_, normed)
        return x_, None, None, None, *norm, *asked, merge_w_, merge_b_ * scale(ctx.p)


class FeedForward(torch.autograd.Function):
    """x + dropout(contract(dropout(relu(expand(norm(x)))))).

    ``apply(x, p, norm, expand, contract)``: as :class:`Attention`.
    """

    @staticmethod
    def forward(ctx: Any, x: Tensor, p: float, *layers: Tensor) -> Tensor:
        gain, shift, expand_w, expand_b, contract_w, contract_b = layers
        # relu(s z) = s relu(z): both dropouts' scales are the norm's and the biases'.
        gain, shift, expand_b = (each * scale(p) ** 2 for each in (gain, shift, expand_b))
        normed, mean, deviation = torch.native_layer_norm(x, x.shape[-1:], gain, shift, EPS)
        normed = normed.to(BF16)
        expand_w, contract_w = expand_w.to(BF16), contract_w.to(BF16)
        hidden = functional.linear(normed, expand_w, expand_b.to(BF16)).relu_()
        zero(hidden, draw(hidden, p), p)
        added = functional.linear(hidden, contract_w, (contract_b * scale(p)).to(BF16))
        drawn = zero(added, draw(added, p), p)
        saved = x, mean, deviation, gain, shift, normed, hidden, expand_w, contract_w, drawn
        ctx.save_for_backward(*saved)
        ctx.p = p
        return added.float().add_(x)

    @staticmethod
    @torch.autograd.function.once_differentiable
    def backward(ctx: Any, above: Tensor) -> tuple[Tensor | None, ...]:
        x, mean, deviation, gain, shift, normed, hidden, *saved = ctx.saved_tensors
        expand_w, contract_w, drawn = saved
        added = above.to(BF16)
        zero(added, drawn, ctx.p)
        contract_w_, contract_b_ = of_layer(added, hidden)
        hidden_ = added @ contract_w
        # What relu or dropout made 0 passes nothing back.
        torch.ops.aten.threshold_backward.grad_input(hidden_, hidden, 0, grad_input=hidden_)
        expand_w_, expand_b_ = of_layer(hidden_, normed)
        x_, *norm = of_norm(hidden_ @ expand_w, x, mean, deviation, gain, shift)
        gain_, shift_, expand_b_ = (each * scale(ctx.p) ** 2 for each in (*norm, expand_b_))
        layers = gain_, shift_, expand_w_, expand_b_, contract_w_, contract_b_ * scale(ctx.p)
        return x_.add_(above), None, *layers


def split(x: Tensor, heads: int) -> Tensor:
    """(B, T, width) → (B · heads, T, width / heads)."""
    batch, tokens, width = x.shape
    each = x.view(batch, tokens, heads, width // heads).transpose(1, 2)
    return each.reshape(batch * heads, tokens, width // heads)


def joined(x: Tensor, heads: int) -> Tensor:
    """(B · heads, T, width / heads) → (B, T, width)."""
    _, tokens, each = x.shape
    return x.view(-1, heads, tokens, each).transpose(1, 2).reshape(-1, tokens, heads * each)


def zero(x: Tensor, drawn: Tensor | None, p: float) -> Tensor | None:
    """Set those elements of ``x`` (bf16) to 0 that dropout does not keep; returns ``drawn``.

    An integer passes where its number is above a threshold, as a gradient passes relu: one pass
    that makes no mask.
    """
    if drawn is not None:
        bits = x.view(torch.int16)
        threshold = lowest(p) - 1
        torch.ops.aten.threshold_backward.grad_input(bits, drawn, threshold, grad_input=bits)
    return drawn


def of_layer(above: Tensor, below: Tensor) -> tuple[Tensor, Tensor]:
    """Gradients of a linear layer's weight and bias, from its output's and from its input."""
    above, below = above.flatten(0, -2), below.flatten(0, -2)
    return above.t() @ below, above.sum(0)


def of_norm(above: Tensor, *saved: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Gradients of a layer norm's input, gain and shift."""
    x, mean, deviation, gain, shift = saved
    return torch.ops.aten.native_layer_norm_backward(
        above.float(), x, x.shape[-1:], mean, deviation, gain, shift, [True] * 3
    )
