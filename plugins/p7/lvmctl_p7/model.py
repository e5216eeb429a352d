"""The anchored ranker: a free prediction, blended with what it was predicted from."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from lvmctl import Prediction, Shape, Step, sequence_model
from lvmctl.sphere import anchored, centroid, cosine, unit
from lvmctl_p7.options import LEAST_LAMBDA, MOST_LAMBDA, RankerOptions


class Ranker(nn.Module):
    """q = normalise(λ·q_raw/‖q_raw‖ + (1 - λ)·c̄), λ in [.6, .9] (docs/methods.md#p7).

    cos(q, c̄) is f(ρ) of ρ = cos(q_raw, c̄) (docs/methods.md#blend): blending raises a low cosine,
    and does not keep it above 1 - λ.

    λ itself is the parameter, and after a step outside its bounds it is put back on them. A
    squashed one would have no gradient at a bound, where "strong-anchor" starts.

    Shapes: context (B, K, D) → q (B, D), raw (B, D); extras: λ as ``anchor_lambda`` (), ρ =
    cos(q_raw, c̄) as ``raw_anchor_cosine`` (B,) and cos(q, c̄) as ``anchored_cosine`` (B,).
    """

    def __init__(self, options: RankerOptions, shape: Shape) -> None:
        super().__init__()
        self.encoder = sequence_model(options, shape)
        self.head = nn.Linear(options.width, shape.dim)
        value = torch.tensor(options.anchor_lambda)
        if options.learn_lambda:
            self.anchor_lambda = nn.Parameter(value)
        else:
            self.register_buffer("anchor_lambda", value)

    def at(self, step: Step) -> None:
        """Put λ back within its bounds."""
        with torch.no_grad():
            self.anchor_lambda.clamp_(LEAST_LAMBDA, MOST_LAMBDA)

    def forward(self, context: Tensor) -> Prediction:
        raw = self.head(self.encoder(context)).float()
        # The weights of a best epoch may come from just after a step, before `at`.
        blend = self.anchor_lambda.clamp(LEAST_LAMBDA, MOST_LAMBDA)
        anchor = centroid(context)
        rho = cosine(unit(raw.detach()), anchor)
        q = anchored(raw, anchor, blend)
        extras = {
            "anchor_lambda": blend,
            "raw_anchor_cosine": rho,
            "anchored_cosine": cosine(q.detach(), anchor),
        }
        return Prediction(q=q, raw=raw, extras=extras)
