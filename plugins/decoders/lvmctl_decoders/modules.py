"""The networks of vec2text, under the names that its checkpoints have.

Morris et al., Text Embeddings Reveal (Almost) As Much As Text, EMNLP 2023, section 4. A vector
becomes a few token embeddings through a layer of width D, and a T5 reads them.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from lvmctl import DataError
from lvmctl_decoders.files import fill, pretrained, read_config, read_weights

ENCODER_TOKENS = 512
"""Tokens that an encoder reads at most."""

NAMES = {
    "gtr_base": "sentence-transformers/gtr-t5-base",
    "gtr_large": "sentence-transformers/gtr-t5-large",
    "contriever": "facebook/contriever",
    "bert": "bert-base-uncased",
    "gte_base": "thenlper/gte-base",
}
"""Encoders by the names that checkpoints have for them."""


def projection(dim: int, width: int) -> nn.Sequential:
    """A vector (B, dim) as token embeddings (B, width) of several tokens."""
    return nn.Sequential(nn.Linear(dim, dim), nn.Dropout(0.0), nn.GELU(), nn.Linear(dim, width))


def backbone(name: str) -> Any:
    """A T5 without its weights, which the checkpoint has."""
    made = pretrained("AutoConfig", name)
    if made.model_type != "t5":
        raise DataError(f"is a {made.model_type}, not a T5", where=name, hint="give the T5")
    from transformers import T5ForConditionalGeneration

    return T5ForConditionalGeneration(made)


class Inversion(nn.Module):
    """The first guess, and the encoder that is inverted.

    Args:
        model: the checkpoint, a folder or a name.
        base: the T5, empty for what the checkpoint says.
        encoder: the encoder, likewise.

    Attributes:
        dim: D, the width of a vector.
        max_tokens: tokens of a text.
    """

    def __init__(self, model: str, base: str, encoder: str) -> None:
        super().__init__()
        config, weights = read_config(model), remapped(read_weights(model))
        name = encoder or NAMES.get(str(config.get("embedder_model_name")), "")
        name = name or str(config.get("embedder_model_name"))
        base = base or str(config.get("model_name_or_path"))
        self.max_tokens = int(config.get("max_seq_length", 32))
        self.tokens = int(config.get("num_repeat_tokens", 16))
        self.dim = width_of(weights, "embedding_transform.0.weight", model)
        self.encoder_decoder = backbone(base)
        self.embedding_transform = projection(
            self.dim, self.encoder_decoder.config.d_model * self.tokens
        )
        self.embedder = embedder_of(name)
        self.tokenizer = pretrained("AutoTokenizer", base)
        self.embedder_tokenizer = pretrained("AutoTokenizer", name)
        for part in ("encoder_decoder", "embedding_transform", "embedder"):
            fill(getattr(self, part), weights, f"{part}.", model)

    def guess(self, vectors: Tensor) -> Tensor:
        """Token ids (B, T) of a text for each vector (B, D), the likeliest token at each place."""
        embeds = self.embedding_transform(vectors).unflatten(1, (self.tokens, -1))
        mask = torch.ones(embeds.shape[:2], dtype=torch.long, device=vectors.device)
        return written(self.encoder_decoder, embeds, mask, self.max_tokens)

    def embed(self, texts: list[str], whole: bool = False) -> Tensor:
        """The encoder's vectors (B, D) of texts, of the norm that it gives them.

        Args:
            texts: B of them.
            whole: read them to the encoder's own limit, not only the tokens that can be written.
        """
        limit = min(self.embedder_tokenizer.model_max_length, ENCODER_TOKENS)
        read = self.embedder_tokenizer(
            texts,
            max_length=limit if whole else self.max_tokens,
            truncation=True,
            padding=True,
            return_tensors="pt",
        )
        device = next(self.parameters()).device
        ids, mask = read["input_ids"].to(device), read["attention_mask"].to(device)
        output = self.embedder(input_ids=ids, attention_mask=mask)
        pooled = getattr(output, "pooler_output", None)
        if pooled is not None:
            return pooled
        hidden = output.last_hidden_state * mask[..., None]
        return hidden.sum(dim=1) / mask.sum(dim=1)[:, None]


class Corrector(nn.Module):
    """Writes a better text, from the vector, that of the last text, and their difference."""

    def __init__(self, model: str, base: str) -> None:
        super().__init__()
        config, weights = read_config(model), remapped(read_weights(model))
        self.max_tokens = int(config.get("max_seq_length", 32))
        self.tokens = int(config.get("num_repeat_tokens", 16))
        self.blind = bool(config.get("corrector_ignore_hypothesis_embedding", False))
        self.dim = width_of(weights, "embedding_transform_1.0.weight", model)
        self.encoder_decoder = backbone(base or str(config.get("model_name_or_path")))
        width = self.encoder_decoder.config.d_model
        self.embedding_transform_1 = projection(self.dim, width * self.tokens)
        self.embedding_transform_2 = projection(self.dim, width * self.tokens)
        self.embedding_transform_3 = projection(self.dim, width * self.tokens)
        self.layernorm = nn.LayerNorm(width)
        for part in ("encoder_decoder", "layernorm", *(f"embedding_transform_{n}" for n in "123")):
            fill(getattr(self, part), weights, f"{part}.", model)

    def correct(self, vectors: Tensor, last: Tensor, ids: Tensor) -> Tensor:
        """Token ids (B, T) of the next text, from those of the last one and its vector (B, D)."""
        t5 = self.encoder_decoder
        last = vectors if self.blind else last
        parts = [
            self.embedding_transform_1(vectors),
            self.embedding_transform_3(last),
            self.embedding_transform_2(vectors - last),
        ]
        ends = torch.full((len(ids), 1), t5.config.eos_token_id, device=ids.device)
        end = t5.shared(ends)
        pieces = [end]
        for part in parts:
            pieces += [part.unflatten(1, (self.tokens, -1)), end]
        embeds = self.layernorm(torch.cat([*pieces, t5.shared(ids)], dim=1))
        before = torch.ones(len(ids), embeds.shape[1] - ids.shape[1], device=ids.device)
        mask = torch.cat([before.long(), (ids != t5.config.pad_token_id).long()], dim=1)
        return written(t5, embeds, mask, self.max_tokens)


def written(t5: Any, embeds: Tensor, mask: Tensor, max_tokens: int) -> Tensor:
    """Token ids (B, T) that a T5 writes for token embeddings (B, n, width)."""
    return t5.generate(
        inputs_embeds=embeds,
        attention_mask=mask,
        max_length=max_tokens,
        min_length=1,
        num_beams=1,
        do_sample=False,
    )


def embedder_of(name: str) -> Any:
    """An encoder without its weights, which the checkpoint has."""
    from transformers import AutoModel, T5EncoderModel

    if name.endswith("_st"):
        what = f"its encoder {name} is a pipeline of sentence-transformers, which is not read"
        raise DataError(what, where="vec2text", hint="use a model of gtr_base, such as the default")
    made = pretrained("AutoConfig", name)
    if made.model_type == "t5":
        return T5EncoderModel(made).encoder
    return AutoModel.from_config(made)


def remapped(weights: dict[str, Tensor]) -> dict[str, Tensor]:
    """The tensors with the names of today: there was no dropout in the projection once."""
    return {
        name.replace("embedding_transform.2.", "embedding_transform.3."): tensor
        for name, tensor in weights.items()
    }


def width_of(weights: dict[str, Tensor], name: str, model: str) -> int:
    """D, from the weights that read a vector."""
    if name not in weights:
        what = f"has no weights {name}, so it is no model of vec2text of this kind"
        raise DataError(what, where=model, hint="give inversion and corrector the right way round")
    return int(weights[name].shape[1])
