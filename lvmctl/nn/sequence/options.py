"""Options of the sequence models that models share (docs/methods.md#common-settings)."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import option

SEQUENCE_MODELS = ("transformer", "lstm", "gru")


@dataclass(frozen=True, kw_only=True)
class SequenceOptions:
    """Options of the network that reads a context (B, K, D) and sums it up as (B, width)."""

    encoder: str = option("transformer", "network that reads the context", choices=SEQUENCE_MODELS)
    width: int = option(512, "width of the network", low=1, high=65_536)
    layers: int = option(4, "transformer blocks or GRU layers (the LSTM has 2)", low=1, high=1_000)
    heads: int = option(8, "attention heads; divides width", low=1, high=65_536)
    feedforward: int = option(
        2048, "hidden width of a block's feed-forward part", low=1, high=1_000_000
    )
    dropout: float = option(0.1, "dropout probability", low=0.0, high=0.9)

    def __post_init__(self) -> None:
        if self.encoder == "transformer" and self.width % self.heads:
            raise ValueError(f"heads = {self.heads} does not divide width = {self.width}")
