"""Choosing the network that reads a context."""

from __future__ import annotations

from torch import nn

from lvmctl.nn.sequence.gru import Gru
from lvmctl.nn.sequence.lstm import Lstm
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.nn.sequence.transformer import Transformer
from lvmctl.registry.specs import Shape

NETWORKS = {"transformer": Transformer, "lstm": Lstm, "gru": Gru}


def sequence_model(options: SequenceOptions, shape: Shape) -> nn.Module:
    """The network ``options.encoder`` names: context (B, K, D) → summary (B, width), unit norm."""
    return NETWORKS[options.encoder](options, shape)
