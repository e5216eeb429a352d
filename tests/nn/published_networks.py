"""Networks with the tensors' names and the arithmetic of the published project's checkpoints."""

from __future__ import annotations

import math

import torch
from torch import nn
from torch.nn.functional import normalize


def waves(width, longest=100):
    """Sines and cosines of positions, (1, longest, width)."""
    rates = torch.exp(torch.arange(0, width, 2) * (-math.log(10_000.0) / width))
    angles = torch.arange(longest)[:, None] * rates
    return torch.stack([angles.sin(), angles.cos()], dim=-1).reshape(1, longest, width)


class Waves(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.register_buffer("pe", waves(width))


def deep_head(width, activation, dim):
    return nn.Sequential(
        nn.Linear(width, width), activation(), nn.LayerNorm(width), nn.Linear(width, dim)
    )


def weights_head(width, activation, context):
    return nn.Sequential(
        nn.Linear(width, width // 2), activation(), nn.Dropout(0.1), nn.Linear(width // 2, context)
    )


class FreeTransformer(nn.Module):
    def __init__(self, dim, width=16, heads=4, layers=2, extra=0):
        super().__init__()
        self.input_proj = nn.Linear(dim + extra, width)
        self.pos_encoder = Waves(width)
        layer = nn.TransformerDecoderLayer(width, heads, 4 * width, 0.1, batch_first=True)
        self.transformer_decoder = nn.TransformerDecoder(layer, layers)
        self.head = deep_head(width, nn.GELU, dim)

    def forward(self, x):
        x = self.input_proj(x)
        x = x + self.pos_encoder.pe[:, : x.shape[1]]
        hidden = torch.triu(torch.full((x.shape[1],) * 2, -math.inf), 1)
        x = self.transformer_decoder(x, x, tgt_mask=hidden, memory_mask=hidden)
        return normalize(self.head(x[:, -1]), dim=-1)


class FreeLstm(nn.Module):
    def __init__(self, dim, width=16, layers=2):
        super().__init__()
        self.lstm = nn.LSTM(dim, width, layers, batch_first=True, dropout=0.2)
        self.output_proj = nn.Linear(width, dim)

    def forward(self, x):
        return normalize(self.output_proj(self.lstm(x)[0][:, -1]), dim=-1)


class GruBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.gru = nn.GRU(width, width, batch_first=True)
        self.norm = nn.LayerNorm(width)

    def forward(self, x):
        return self.norm(x + self.gru(x)[0])


class FreeGru(nn.Module):
    def __init__(self, dim, width=16, layers=3):
        super().__init__()
        self.input_proj = nn.Linear(dim, width)
        self.blocks = nn.ModuleList(GruBlock(width) for _ in range(layers))
        self.output_proj = nn.Linear(width, dim)

    def forward(self, x):
        x = self.input_proj(x)
        for block in self.blocks:
            x = block(x)
        return normalize(self.output_proj(x[:, -1]), dim=-1)


class ResidualLstm(nn.Module):
    def __init__(self, dim):
        super().__init__()
        self.base, self.alpha = FreeLstm(dim), nn.Parameter(torch.tensor(0.7))

    def forward(self, x):
        return normalize(x[:, -1] + self.alpha * self.base(x), dim=-1)


class P7(nn.Module):
    """``kind`` reads the window, λ is learned or fixed."""

    def __init__(self, dim, kind="transformer", learned=True, width=16, heads=4, layers=2):
        super().__init__()
        if kind == "transformer":
            self.input_proj = nn.Linear(dim, width)
            self.pos_encoder = nn.Parameter(torch.randn(1, 100, width), requires_grad=False)
            layer = nn.TransformerEncoderLayer(width, heads, dropout=0.1, batch_first=True)
            self.transformer = nn.TransformerEncoder(layer, layers)
        else:
            self.lstm = nn.LSTM(dim, width, layers, batch_first=True)
        self.head = deep_head(width, nn.ReLU, dim)
        if learned:
            self.anchor_lambda_logit = nn.Parameter(torch.tensor(0.4))
        else:
            self.register_buffer("anchor_lambda", torch.tensor(0.65))

    def summary(self, x):
        if hasattr(self, "lstm"):
            return self.lstm(x)[0][:, -1]
        return self.transformer(self.input_proj(x) + self.pos_encoder[:, : x.shape[1]])[:, -1]

    def forward(self, x):
        raw = normalize(self.head(self.summary(x)), dim=-1)
        if hasattr(self, "anchor_lambda_logit"):
            share = 0.6 + 0.3 / (1 + math.exp(-self.anchor_lambda_logit.item()))
        else:
            share = self.anchor_lambda.item()
        return normalize(share * raw + (1 - share) * normalize(x.mean(1), dim=-1), dim=-1)


class P8(nn.Module):
    """``kind`` reads the window; the weights' head has one layer or two."""

    def __init__(self, dim, kind="transformer", deep=True, width=16, heads=4, layers=2, context=5):
        super().__init__()
        activation = nn.GELU if kind == "transformer" else nn.ReLU
        if kind == "transformer":
            self.input_proj = nn.Linear(dim, width)
            self.pos_encoder = nn.Parameter(torch.randn(1, context, width))
            layer = nn.TransformerEncoderLayer(
                width, heads, 4 * width, 0.1, "gelu", batch_first=True, norm_first=True
            )
            self.transformer = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        else:
            self.lstm = nn.LSTM(dim, width, layers, batch_first=True)
        self.context_attention = (
            weights_head(width, activation, context) if deep else nn.Linear(width, context)
        )

    summary = P7.summary

    def forward(self, x):
        weights = self.context_attention(self.summary(x)).softmax(-1)
        return normalize((weights[..., None] * x).sum(1), dim=-1)


def with_positions(model, scale):
    """A model's predictions where each chunk carries its scaled position."""

    def predict(x):
        place = torch.tensor([scale * i / (x.shape[1] - 1) for i in range(x.shape[1])])
        return model(torch.cat([x, place.expand(len(x), -1)[..., None]], dim=-1))

    return predict
