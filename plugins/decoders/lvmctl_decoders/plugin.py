"""The records of the decoders and their options (torch-free)."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl import DecoderSpec, hookimpl, option


@dataclass(frozen=True, kw_only=True)
class Vec2TextOptions:
    """An inversion model of vec2text, and its corrector."""

    inversion: str = option(
        "jxm/gtr__nq__32", "inversion model, the first guess: a folder or a name of the hub"
    )
    corrector: str = option(
        "jxm/gtr__nq__32__correct", "model that corrects a guess; empty for none"
    )
    steps: int = option(20, "corrections; 0 is the first guess", low=0, high=1000)
    backbone: str = option(
        "", "folder or name of the T5 that both are made from; empty: what the model says"
    )
    embedder: str = option(
        "", "folder or name of the encoder that is inverted; empty: what the model says"
    )
    batch_size: int = option(16, "vectors decoded at a time", low=1, high=10_000)
    device: str = option("", "torch device; empty is the processor")


@hookimpl
def lvmctl_decoders() -> list[DecoderSpec]:
    return [
        DecoderSpec(
            name="vec2text",
            summary="New text for a vector by a vec2text model, of GTR or of another encoder.",
            target="lvmctl_decoders.vec2text:Vec2Text",
            options=Vec2TextOptions,
            needs=("transformers", "safetensors"),
            install="lvmctl-decoders[vec2text]",
        )
    ]
