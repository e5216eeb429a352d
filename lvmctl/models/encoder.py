"""Choosing the network that reads a context."""

from __future__ import annotations

from torch import nn

from lvmctl.models.gru import Gru
from lvmctl.models.lstm import Lstm
from lvmctl.models.options import SequenceEncoderOptions
from lvmctl.models.transformer import Transformer
from lvmctl.spec import Shape

NETWORKS = {"transformer": Transformer, "lstm": Lstm, "gru": Gru}


def sequence_encoder(options: SequenceEncoderOptions, shape: Shape) -> nn.Module:
    """The network ``options.encoder`` names: context (B, K, D) → summary (B, width), unit norm."""
    return NETWORKS[options.encoder](options, shape)
