"""Core's decoder (torch-free); others are plugins'."""

from __future__ import annotations

from lvmctl.registry.specs import DecoderSpec

DECODERS = (
    DecoderSpec(
        name="nearest",
        summary="The text of the chunk of a store that is nearest, with its cosine.",
        target="lvmctl.data.text.decoders.nearest:Nearest",
    ),
)
