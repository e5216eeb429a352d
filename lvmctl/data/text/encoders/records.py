"""Core's encoders and their options (torch-free)."""

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


@dataclass(frozen=True, kw_only=True)
class SentenceTransformersOptions:
    """A sentence-transformers model (extra ``embed``)."""

    model: str = option("sentence-transformers/gtr-t5-base", "name or path of the model")
    layers: str = option(
        "all",
        "all: the model but its final normalisation; pooled: up to the mean pooling, what "
        "vec2text correctors expect",
        choices=("all", "pooled"),
    )
    max_tokens: int = option(
        0, "tokens read of each text; 0 is the model's own limit", low=0, high=1_000_000
    )
    batch_size: int = option(32, "texts per forward pass", low=1, high=1_000_000)
    device: str = option("", "torch device; empty picks one")


ENCODERS = (
    EncoderSpec(
        name="lsa",
        summary="TF-IDF and truncated SVD, fitted on the corpus; offline, nothing to download.",
        target="lvmctl.data.text.encoders.lsa:Lsa",
        options=LsaOptions,
        fitted=True,
    ),
    EncoderSpec(
        name="sentence-transformers",
        summary="A sentence-transformers model such as GTR-T5-base; needs the extra 'embed'.",
        target="lvmctl.data.text.encoders.sentence_transformers:SentenceTransformers",
        options=SentenceTransformersOptions,
    ),
)
