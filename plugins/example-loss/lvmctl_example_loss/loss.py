"""The length of the shortest way on the sphere."""

import torch

from lvmctl.core.batch import LossOutput


class Geodesic(torch.nn.Module):
    """Mean angle from q to y, in [0, π]: 2·atan2(‖q - y‖, ‖q + y‖), with a slope everywhere."""

    def __init__(self, options, shape):
        super().__init__()

    def forward(self, prediction, batch, step):
        apart, along = prediction.q - batch.target, prediction.q + batch.target
        angle = 2 * torch.atan2(apart.norm(dim=-1), along.norm(dim=-1))
        loss = (angle * batch.weight).mean()
        return LossOutput(loss, {"geodesic": loss})
