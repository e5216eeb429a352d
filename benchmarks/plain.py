"""P8 as most people would write it: a DataLoader over windows in memory, nn.TransformerEncoder."""

from __future__ import annotations

import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional
from torch.utils.data import DataLoader, Dataset

from lvmctl import Windows

NEGATIVES, PAIRS = 2, 2


class WindowDataset(Dataset):
    """Windows copied out of the store, negatives and order pairs drawn per item."""

    def __init__(self, windows: Windows) -> None:
        index = np.arange(len(windows))
        self.context = torch.from_numpy(windows.context(index))
        self.target = torch.from_numpy(windows.target(index))
        self.windows = windows
        self.rng = np.random.default_rng(0)

    def __len__(self) -> int:
        return len(self.context)

    def __getitem__(self, i: int) -> tuple:
        context, target = self.context[i], self.target[i]
        split, article = self.windows.split, self.windows.article[i]
        start, length = split.starts[article], split.lengths[article]
        first = self.windows.position[i]
        free = [p for p in range(length) if not first <= p <= first + len(context)]
        drawn = self.rng.choice(free, NEGATIVES, replace=False)
        negatives = torch.from_numpy(np.array(split.vectors[start + drawn]))
        chunks = torch.cat([context, target[None]])
        pairs = np.array([self.rng.choice(len(chunks), 2, replace=False) for _ in range(PAIRS)])
        label = torch.from_numpy((pairs[:, 1] > pairs[:, 0]).astype(np.float32))
        return context, target, negatives, chunks[pairs[:, 0]], chunks[pairs[:, 1]], label


class PlainP8(nn.Module):
    """The common encoder, mixture head and order verifier from torch's own parts."""

    def __init__(self, dim: int, k: int) -> None:
        super().__init__()
        self.embed = nn.Linear(dim, 512)
        self.position = nn.Parameter(torch.randn(k, 512) * 0.02)
        layer = nn.TransformerEncoderLayer(512, 8, 2048, 0.1, batch_first=True, norm_first=True)
        self.encoder = nn.TransformerEncoder(
            layer, 4, norm=nn.LayerNorm(512), enable_nested_tensor=False
        )
        self.attention = nn.Linear(512, k)
        self.verifier = nn.Sequential(nn.Linear(4 * dim, 256), nn.ReLU(), nn.Linear(256, 1))

    def forward(self, context: torch.Tensor) -> torch.Tensor:
        summary = self.encoder(self.embed(context) + self.position)[:, -1]
        weights = self.attention(summary).softmax(-1)
        return functional.normalize((weights[..., None] * context).sum(1), dim=-1)

    def loss(self, context, target, negatives, first, second, label) -> torch.Tensor:
        q = self(context)
        candidates = torch.cat([target[:, None], context[:, -1:], negatives], dim=1)
        scores = torch.einsum("bd,bcd->bc", q, candidates)
        rank = functional.cross_entropy(scores / 0.07, torch.zeros(len(q), dtype=torch.long))
        margin = functional.relu(0.07 - (scores[:, 0] - scores[:, 1])).mean()
        features = torch.cat([first, second, first * second, first - second], dim=-1)
        order = functional.binary_cross_entropy_with_logits(
            self.verifier(features).squeeze(-1), label
        )
        return rank + 0.5 * margin + 0.2 * order

    def adamw(self) -> torch.optim.Optimizer:
        return torch.optim.AdamW(self.parameters(), lr=5e-4, weight_decay=0.01)


class PlainTraining:
    """Steps of the plain version; ``run(n)`` takes n of them."""

    def __init__(self, windows: Windows, batch_size: int) -> None:
        self.loader = DataLoader(WindowDataset(windows), batch_size, shuffle=True, drop_last=True)
        self.model = PlainP8(windows.split.dim, windows.context_length).train()
        self.optimizer = self.model.adamw()
        self.batches = iter(self.loader)

    def run(self, steps: int) -> None:
        for _ in range(steps):
            batch = next(self.batches, None)
            if batch is None:
                self.batches = iter(self.loader)
                batch = next(self.batches)
            self.step(*batch)

    def step_seconds(self, steps: int) -> float:
        """Seconds of a step, after one that finds what others left in the caches."""
        self.run(1)
        begin = time.perf_counter()
        self.run(steps)
        return (time.perf_counter() - begin) / steps

    def step(self, *batch: torch.Tensor) -> None:
        loss = self.model.loss(*batch)
        self.optimizer.zero_grad()
        loss.backward()
        nn.utils.clip_grad_norm_(self.model.parameters(), 1.0)
        self.optimizer.step()
        loss.item()
