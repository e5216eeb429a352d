"""The records of core's encoders (torch-free)."""

from __future__ import annotations

from lvmctl.data.text.encoders.options import LsaOptions, SentenceTransformersOptions
from lvmctl.registry.specs import EncoderSpec

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
