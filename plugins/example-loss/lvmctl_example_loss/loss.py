import torch

from lvmctl import sphere


class Geodesic(torch.nn.Module):
    """The angle between q and y, in [0, π]."""

    def forward(self, prediction, batch, step):
        return sphere.angle(prediction.q, batch.target)
