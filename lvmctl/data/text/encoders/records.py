"""Core's encoder and its options (torch-free); others are plugins'."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl.config.options import MANY, option
from lvmctl.registry.specs import EncoderSpec


@dataclass(frozen=True, kw_only=True)
class LsaOptions:
    """TF-IDF → truncated SVD, fitted on the corpus."""

    dim: int = option(
        256, "D, singular directions kept (fewer when the corpus is small)", low=1, high=65_536
    )
    bigrams: bool = option(False, "count pairs of neighbouring words as terms too")
    min_texts: int = option(2, "rarest term kept, in texts it occurs in", low=1, high=MANY)
    max_share: float = option(0.5, "commonest term kept, in share of the texts", low=0.0, high=1.0)
    max_terms: int = option(20_000, "terms kept, the commonest first", low=1, high=MANY)
    fit_texts: int = option(
        100_000, "texts the encoder is fitted on, evenly spaced", low=1, high=MANY
    )
    seed: int = option(0, "seed of the randomised SVD", low=0, high=2**63 - 1)


ENCODERS = (
    EncoderSpec(
        name="lsa",
        summary="TF-IDF and truncated SVD, fitted on the corpus; offline, nothing to download.",
        target="lvmctl.data.text.encoders.lsa:Lsa",
        options=LsaOptions,
        fitted=True,
    ),
)
