"""The networks of the published project's checkpoints, to predict with
(docs/published-files.md#models)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor, nn

from lvmctl.core.batch import Prediction
from lvmctl.registry.specs import Geometry
from lvmctl.sphere import anchored, centroid, mixture, unit

State = Mapping[str, Tensor]

LEAST_LAMBDA, MOST_LAMBDA = 0.6, 0.9
"""Bounds of P7's λ, which a checkpoint has as a logit between them where it was learned."""

NAMES = {
    "pos_encoder.pe": "reader.positions",
    "pos_encoder": "reader.positions",
    "output_proj.": "head.",
    "context_attention.": "head.",
}
"""What published keys, or beginnings of keys, are called here."""

LAYERS = ("transformer_decoder.layers.", "transformer.layers.", "blocks.", "lstm.weight_ih_l")
"""How the keys of layers begin, before their numbers."""

SAME = ("head.", "anchor_lambda", "alpha")
"""Beginnings of keys that are the same here; all others are the reader's."""


class Embedding(nn.Module):
    """Chunks (B, K, D) as tokens (B, K, width) with their positions."""

    def __init__(self, state: State) -> None:
        super().__init__()
        self.width, self.dim = state["input_proj.weight"].shape
        self.input_proj = nn.Linear(self.dim, self.width)
        self.register_buffer("positions", torch.zeros_like(state["positions"]))

    def embed(self, context: Tensor) -> Tensor:
        return self.input_proj(context) + self.positions[:, : context.shape[1]]


class Decoder(Embedding):
    """P1 to P6b: a causal transformer decoder that attends to its own input, read at the last
    position. Context (B, K, D) → summary (B, width)."""

    def __init__(self, state: State, heads: int) -> None:
        super().__init__(state)
        wide = len(state["transformer_decoder.layers.0.linear1.bias"])
        layer = nn.TransformerDecoderLayer(self.width, heads, wide, batch_first=True)
        count = count_of(state, "transformer_decoder.layers.")
        self.transformer_decoder = nn.TransformerDecoder(layer, count)

    def forward(self, context: Tensor) -> Tensor:
        x = self.embed(context)
        causal = nn.Transformer.generate_square_subsequent_mask(x.shape[1])
        return self.transformer_decoder(x, x, tgt_mask=causal, memory_mask=causal)[:, -1]


class Encoder(Embedding):
    """P7 (post-norm, ReLU) and P8 (pre-norm, GELU): a transformer that sees the whole window, read
    at the last position. Context (B, K, D) → summary (B, width)."""

    def __init__(self, state: State, heads: int, pre_norm: bool) -> None:
        super().__init__(state)
        wide = len(state["transformer.layers.0.linear1.bias"])
        activation = "gelu" if pre_norm else "relu"
        layer = nn.TransformerEncoderLayer(
            self.width, heads, wide, activation=activation, batch_first=True, norm_first=pre_norm
        )
        count = count_of(state, "transformer.layers.")
        self.transformer = nn.TransformerEncoder(layer, count, enable_nested_tensor=False)

    def forward(self, context: Tensor) -> Tensor:
        return self.transformer(self.embed(context))[:, -1]


class Lstm(nn.Module):
    """LSTM layers, read at the last step. Context (B, K, D) → summary (B, width)."""

    def __init__(self, state: State) -> None:
        super().__init__()
        wide, dim = state["lstm.weight_ih_l0"].shape
        count = count_of(state, "lstm.weight_ih_l")
        self.dim = dim
        self.lstm = nn.LSTM(dim, wide // 4, count, batch_first=True)

    def forward(self, context: Tensor) -> Tensor:
        return self.lstm(context)[0][:, -1]


class Gru(nn.Module):
    """GRU layers with residuals and norms, read at the last step. Context (B, K, D) → summary
    (B, width)."""

    def __init__(self, state: State) -> None:
        super().__init__()
        width, dim = state["input_proj.weight"].shape
        self.dim, self.input_proj = dim, nn.Linear(dim, width)
        self.blocks = nn.ModuleList(
            nn.ModuleDict(
                {"gru": nn.GRU(width, width, batch_first=True), "norm": nn.LayerNorm(width)}
            )
            for _ in range(count_of(state, "blocks."))
        )

    def forward(self, context: Tensor) -> Tensor:
        x = self.input_proj(context)
        for block in self.blocks:
            x = block["norm"](x + block["gru"](x)[0])
        return x[:, -1]


class Network(nn.Module):
    """A reader, a head, and what makes the prediction of the head's output.

    Args:
        reader: context → summary.
        head: summary → (B, D), or (B, K) where chunks are mixed.
        ramp: factor of the position in [0, 1] that each chunk carries as its last number (P5);
            None where chunks are read alone.
        predict: the head's output and the context (B, K, D) → prediction.
    """

    def __init__(
        self,
        reader: nn.Module,
        head: nn.Module,
        ramp: float | None,
        predict: Callable[[Tensor, Tensor], Prediction],
    ) -> None:
        super().__init__()
        self.reader, self.head, self.ramp, self.predict = reader, head, ramp, predict

    def forward(self, context: Tensor) -> Prediction:
        chunks = context
        if self.ramp is not None:
            place = torch.linspace(0, 1, context.shape[1]) * self.ramp
            place = place.expand(len(context), -1)[..., None]
            chunks = torch.cat([context, place], dim=-1)
        return self.predict(self.head(self.reader(chunks)).float(), context)


def free(raw: Tensor, context: Tensor) -> Prediction:
    """q = normalise(raw): P1 and P3 to P6b."""
    return Prediction(q=unit(raw), raw=raw)


def residual(delta: Tensor, context: Tensor, alpha: Tensor) -> Prediction:
    """q = normalise(x_last + α·Δ), Δ of unit norm: P2."""
    return free(context[:, -1] + alpha * unit(delta), context)


def blended(raw: Tensor, context: Tensor, share: Tensor) -> Prediction:
    """q = normalise(λ·q_raw + (1 - λ)·c̄), λ fixed or learned: P7."""
    return Prediction(q=anchored(raw, centroid(context), share), raw=raw)


def mixed(scores: Tensor, context: Tensor) -> Prediction:
    """q = normalise(Σ α_i c_i), α = softmax(scores): P8."""
    weights = scores.softmax(-1)
    return Prediction(q=mixture(weights, context), weights=weights)


@dataclass(frozen=True)
class Layout:
    """A published model.

    Attributes:
        name: ``transformer``, ``lstm``, ``gru``, ``p7-transformer``, ….
        geometry: what q can be.
        dim: D.
        context_length: K where the tensors tell it, as P8's do.
        width, layers: of the network.
        model: with the weights, in evaluation mode.
    """

    name: str
    geometry: Geometry
    dim: int
    context_length: int | None
    width: int
    layers: int
    model: Network


def published_model(state: State, heads: int = 8, ramp: float = 0.03) -> Layout:
    """The model of a published checkpoint.

    Args:
        state: its ``model_state_dict``.
        heads: attention heads, which no tensor tells.
        ramp: factor of positions, where the network reads D + 1 numbers of each chunk.

    Raises:
        ValueError: no layout has these keys.
        RuntimeError: tensors are missing, left over, or of another shape.
    """
    mixes = any(key.startswith("context_attention.") for key in state)
    tensors = {renamed(key.removeprefix("base.")): tensor for key, tensor in state.items()}
    inner = {k.removeprefix("reader."): t for k, t in tensors.items() if k.startswith("reader.")}
    anchor = any(key.startswith("anchor_lambda") for key in tensors)
    if "transformer_decoder.layers.0.linear1.bias" in inner:
        kind, reader, activation = "transformer", Decoder(inner, heads), nn.GELU
    elif "transformer.layers.0.linear1.bias" in inner and (mixes or anchor):
        kind, reader = "transformer", Encoder(inner, heads, pre_norm=mixes)
        activation = nn.GELU if mixes else nn.ReLU
    elif "lstm.weight_ih_l0" in inner:
        kind, reader, activation = "lstm", Lstm(inner), nn.ReLU
    elif "blocks.0.gru.weight_ih_l0" in inner:
        kind, reader, activation = "gru", Gru(inner), nn.GELU
    else:
        raise ValueError("no layout has these keys")
    head = head_of(tensors, activation)
    read, outputs = reader.dim, len(list(head.parameters())[-1])
    dim = read if mixes else outputs
    scale = ramp if read == dim + 1 else None
    family, geometry, predict = "", "unit", free
    if mixes:
        family, geometry, predict = "p8-", "cone", mixed
    elif anchor:
        family, geometry = "p7-", "anchored"
        predict = partial(blended, share=anchor_share(tensors))
    elif "alpha" in tensors:
        predict = partial(residual, alpha=tensors.pop("alpha"))
    model = Network(reader, head, scale, predict)
    model.load_state_dict(tensors)
    width = next(iter(head.parameters())).shape[1]
    layers = max(count_of(inner, begin) for begin in LAYERS)
    context = outputs if mixes else None
    return Layout(f"{family}{kind}", geometry, dim, context, width, layers, model.eval())


def anchor_share(tensors: dict[str, Tensor]) -> Tensor:
    """λ, fixed or learned as a logit between its bounds, which is taken out of ``tensors``."""
    if "anchor_lambda_logit" not in tensors:
        return tensors.pop("anchor_lambda")
    share = tensors.pop("anchor_lambda_logit").sigmoid()
    return LEAST_LAMBDA + (MOST_LAMBDA - LEAST_LAMBDA) * share


def renamed(key: str) -> str:
    """A published key as it is called here."""
    for begin, name in NAMES.items():
        if key == begin or (begin.endswith(".") and key.startswith(begin)):
            return name + key.removeprefix(begin)
    return key if key.startswith(SAME) else f"reader.{key}"


def head_of(tensors: State, activation: type[nn.Module]) -> nn.Module:
    """A head with the shapes of its tensors: one layer, or two with an activation between, and a
    norm or dropout."""

    def linear(name: str) -> nn.Linear:
        outputs, inputs = tensors[f"{name}.weight"].shape
        return nn.Linear(inputs, outputs)

    if "head.weight" in tensors:
        return linear("head")
    if not {"head.0.weight", "head.3.weight"} <= tensors.keys():
        raise ValueError("no layout has such a head")
    first, last = linear("head.0"), linear("head.3")
    norm = nn.LayerNorm(first.out_features) if "head.2.weight" in tensors else nn.Identity()
    return nn.Sequential(first, activation(), norm, last)


def count_of(state: State, begin: str) -> int:
    """How many numbered parts there are whose keys begin so."""
    rest = [key.removeprefix(begin) for key in state if key.startswith(begin)]
    return len({part.partition(".")[0] for part in rest})
