"""Choosing the network that reads a context."""

from __future__ import annotations

from torch import nn

from lvmctl.errors import UsageError
from lvmctl.models.lstm import Lstm
from lvmctl.models.options import SequenceEncoderOptions
from lvmctl.models.transformer import Transformer
from lvmctl.spec import Shape

NETWORKS = {"transformer": Transformer, "lstm": Lstm}


def sequence_encoder(options: SequenceEncoderOptions, shape: Shape) -> nn.Module:
    """The network ``options.encoder`` names: context (B, K, D) → summary (B, width), unit norm.

    Raises:
        UsageError: ``heads`` does not divide ``width``.
    """
    if options.encoder == "transformer" and options.width % options.heads:
        raise UsageError(
            f"heads = {options.heads} does not divide width = {options.width}",
            mend="choose heads that divide width",
        )
    return NETWORKS[options.encoder](options, shape)
