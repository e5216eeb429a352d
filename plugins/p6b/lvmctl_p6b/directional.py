"""The directional loss: nearer to the target than to the chunk before the last, by a margin."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from lvmctl import Batch, LossOutput, Prediction, Step
from lvmctl.sphere import cosine
from lvmctl_p6b.options import DirectionalOptions
from lvmctl_p6b.versions import LAMBDA_MIN, RATIO_MARGIN, VERSIONS, Stage

TINY = 1e-8
"""What a squared error or a loss is at least, where something is divided by it."""

RATIO_EPSILON = 1e-3
"""ε of the ratio: small against cosines of text, large enough that its gradient stays below 10³."""


class Directional(nn.Module):
    """λ_eff·L_dir and a version's penalties, in [0, ∞) (docs/methods.md#p6b).

    gap = cos(q, y) - cos(q, second_last); L_dir is the mean of softplus(γ(m - gap))/γ, mixed with
    the same hinge of the ratio gap/(|cos(q, y)| + |cos(q, second_last)| + ε) from v2.1 on. λ_eff,
    which carries no gradient, makes λ_eff·L_dir the stage's share of the squared error, within
    its clamp and cap; both are means over the batch, without sample gates' weights.

    Needs: ``target``, ``second_last``; the prediction's ``raw``.
    Terms: ``scaled``, all of it.
    Metrics: what ``scaled`` is made of, each without its factor: ``loss_directional``, that is
    L_dir, and the penalties that the version has of ``loss_floor``, ``loss_norm`` and
    ``loss_orthogonality``. ``pos``, ``neg``, ``gap``, ``ratio``, ``lambda_eff``, ``loss_share``
    λ_eff·L_dir/MSE (the reports' ρ), ``loss_share_target``, ``mse_fraction`` (all that this loss
    adds, over the squared error), ``confidence``, ``skipped``.
    """

    def __init__(self, options: DirectionalOptions) -> None:
        super().__init__()
        self.options = options
        changed = {key: getattr(options, key) for key in ("gamma", "lambda_max")}
        typed = {key: value for key, value in changed.items() if value is not None}
        self.version = replace(VERSIONS[options.version], **typed)

    def stage(self, epoch: int) -> Stage:
        """The version's stage of an epoch, with what the options change of it."""
        options = self.options
        changed = {"margin": options.margin, "share": options.share, "cap": options.share_cap}
        typed: dict[str, Any] = {key: value for key, value in changed.items() if value is not None}
        return replace(self.version.stage(epoch), **typed)

    def forward(self, prediction: Prediction, batch: Batch, step: Step) -> LossOutput:
        assert prediction.raw is not None
        version, stage = self.version, self.stage(step.epoch)
        q = prediction.q
        pos, neg = cosine(q, batch.target), cosine(q, batch.second_last)
        gap = pos - neg
        ratio = gap / (pos.abs() + neg.abs() + RATIO_EPSILON)
        each = self.hinge(stage.margin - gap)
        if version.ratio_weight:
            by_ratio = self.hinge(RATIO_MARGIN - ratio)
            each = (1 - version.ratio_weight) * each + version.ratio_weight * by_ratio

        mse = (q - batch.target).square().mean(-1).mean().detach()
        confidence, skipped = self.confidence(pos), self.skips(pos, neg)
        lambda_eff = self.scale(mse, each.mean(), stage, confidence * ~skipped)
        penalties = {
            "floor": (version.floor_weight, functional.relu(version.floor - pos).square()),
            "norm": (version.norm_weight, (prediction.raw.norm(dim=-1) - 1).square()),
            "orthogonality": (version.orthogonality, neg.square()),
        }
        parts, scaled = {"loss_directional": each}, lambda_eff * each
        for name, (factor, value) in penalties.items():
            if factor:
                parts[f"loss_{name}"] = value
                scaled = scaled + factor * value
        metrics = {
            "pos": pos,
            "neg": neg,
            "gap": gap,
            "ratio": ratio,
            "lambda_eff": lambda_eff,
            "loss_share": lambda_eff * each.mean() / mse.clamp_min(TINY),
            "loss_share_target": mse.new_full((), stage.share),
            "mse_fraction": scaled.mean() / mse.clamp_min(TINY),
            "confidence": confidence,
            "skipped": skipped.float(),
        }
        return LossOutput({"scaled": scaled}, parts | metrics)

    def hinge(self, short: Tensor) -> Tensor:
        """softplus(γ·short)/γ: relu(short) as γ → ∞."""
        return functional.softplus(self.version.gamma * short) / self.version.gamma

    def scale(self, mse: Tensor, directional: Tensor, stage: Stage, factor: Tensor) -> Tensor:
        """λ_eff, without gradient. The cap comes last, so that nothing exceeds it."""
        dir_value = directional.detach().clamp_min(TINY)
        wanted = mse * stage.share / dir_value
        scaled = wanted.clamp(LAMBDA_MIN, self.version.lambda_max) * factor
        return scaled if stage.cap is None else torch.minimum(scaled, stage.cap * mse / dir_value)

    def confidence(self, pos: Tensor) -> Tensor:
        """How much of λ_eff the prediction has earned, in [0, 1]."""
        if not self.version.confidence:
            return pos.new_ones(())
        return ((pos.detach().mean() - 0.30) / 0.15).clamp(0, 1)

    def skips(self, pos: Tensor, neg: Tensor) -> Tensor:
        """Whether the cosines' signs, as means over the batch, say nothing about direction."""
        pos, neg = pos.detach().mean(), neg.detach().mean()
        if self.version.skip == "negative":
            return (pos < 0) | (neg < 0)
        if self.version.skip == "bad-sign":
            return (pos < 0) | ((pos < 0.05) & (neg < -0.05))
        return torch.zeros_like(pos, dtype=torch.bool)
