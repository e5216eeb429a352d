"""A tiny encoder, and an inversion model and a corrector of it, trained and saved as vec2text
saves them."""

from __future__ import annotations

import json
from itertools import product
from pathlib import Path

import numpy as np
import torch
from lvmctl_decoders.modules import projection
from torch import nn

DIM, TOKENS, LENGTH = 32, 2, 8
NOUNS, VERBS = ("ship", "bread", "river", "rain"), ("rose", "left", "fell")
TEXTS = [f"the {noun} {verb}" for noun, verb in product(NOUNS, VERBS)]


def t5_config():
    from transformers import T5Config

    sizes = {"d_model": DIM, "d_kv": 8, "num_heads": 4, "d_ff": 64, "num_layers": 1}
    ends = {"decoder_start_token_id": 0, "pad_token_id": 0, "eos_token_id": 1}
    return T5Config(vocab_size=16, dropout_rate=0.0, **sizes, **ends)


def tokenizer():
    """Words as tokens, with the end that T5 expects."""
    from tokenizers import Tokenizer, models, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    words = ["<pad>", "</s>", "<unk>", "the", *NOUNS, *VERBS]
    known = {word: number for number, word in enumerate(words)}
    made = Tokenizer(models.WordLevel(known, unk_token="<unk>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    end = [("</s>", known["</s>"])]
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=end)
    names = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    return PreTrainedTokenizerFast(tokenizer_object=made, **names)


class Made:
    """The folders of a tiny world, in ``place``.

    Attributes:
        vectors: what the encoder makes of :data:`TEXTS`, (12, D), of its own norm.
    """

    def __init__(self, place: Path) -> None:
        from transformers import T5EncoderModel, T5ForConditionalGeneration

        torch.manual_seed(0)
        self.place, self.config = place, t5_config()
        self.tokenizer = tokenizer()
        self.embedder = T5EncoderModel(t5_config()).encoder.eval()
        for parameter in self.embedder.parameters():
            if parameter.dim() > 1:
                nn.init.normal_(parameter, std=0.5)
        read = self.tokenizer(TEXTS, return_tensors="pt")
        self.ids, mask = read["input_ids"], read["attention_mask"]
        with torch.no_grad():
            hidden = self.embedder(input_ids=self.ids, attention_mask=mask).last_hidden_state
        self.vectors = hidden.mean(dim=1)
        self.new = lambda: T5ForConditionalGeneration(t5_config())
        for name in ("t5", "encoder"):
            self.config.save_pretrained(place / name)
            self.tokenizer.save_pretrained(place / name)

    def inversion(self, name: str, steps: int) -> str:
        """An inversion model, trained so many steps; its folder."""
        t5, first = self.new(), projection(DIM, DIM * TOKENS)

        def embeds() -> torch.Tensor:
            return first(self.vectors).unflatten(1, (TOKENS, DIM))

        self.train(t5, [first], embeds, steps)
        parts = {"encoder_decoder": t5, "embedding_transform": first, "embedder": self.embedder}
        return self.save(name, parts)

    def corrector(self, name: str, steps: int) -> str:
        """A corrector, trained to write each text whatever the last one was; its folder."""
        t5, layers = self.new(), [projection(DIM, DIM * TOKENS) for _ in range(3)]
        norm = nn.LayerNorm(DIM)

        def embeds() -> torch.Tensor:
            order = torch.randperm(len(TEXTS))
            last, ids = self.vectors[order], self.ids[order]
            ids = torch.cat([torch.zeros_like(ids[:, :1]), ids], dim=1)
            end = t5.shared(torch.ones(len(ids), 1, dtype=torch.long))
            parts = [layers[0](self.vectors), layers[2](last), layers[1](self.vectors - last)]
            rows = [end]
            for part in parts:
                rows += [part.unflatten(1, (TOKENS, DIM)), end]
            return norm(torch.cat([*rows, t5.shared(ids)], dim=1))

        self.train(t5, [*layers, norm], embeds, steps)
        parts = {f"embedding_transform_{n}": layer for n, layer in enumerate(layers, 1)}
        return self.save(name, {"encoder_decoder": t5, "layernorm": norm, **parts})

    def train(self, t5, others, embeds, steps: int) -> None:
        parameters = [*t5.parameters(), *(p for part in others for p in part.parameters())]
        optimizer = torch.optim.Adam(parameters, lr=3e-3)
        for _ in range(steps):
            optimizer.zero_grad()
            t5(inputs_embeds=embeds(), labels=self.ids).loss.backward()
            optimizer.step()

    def save(self, name: str, parts: dict[str, nn.Module], **more) -> str:
        """A checkpoint: tensors that are tied to another are saved once, as the library does."""
        from safetensors.torch import save_file

        folder, tensors, seen = self.place / name, {}, set()
        for prefix, part in parts.items():
            for key, tensor in part.state_dict(keep_vars=True).items():
                if id(tensor) not in seen:
                    tensors[f"{prefix}.{key}"] = tensor.detach().clone()
                seen.add(id(tensor))
        folder.mkdir(exist_ok=True)
        save_file(tensors, folder / "model.safetensors")
        config = {"model_name_or_path": str(self.place / "t5"), "max_seq_length": LENGTH}
        config |= {"embedder_model_name": str(self.place / "encoder"), "num_repeat_tokens": TOKENS}
        (folder / "config.json").write_text(json.dumps(config | more))
        return str(folder)


def written(place: Path, vectors: np.ndarray, texts: list[str]):
    """A store of one article."""
    import lvmctl

    place.mkdir()
    np.save(place / "vectors.npy", vectors.astype(np.float32))
    np.save(place / "offsets.npy", np.array([0, len(vectors)], np.int64))
    lines = "".join(json.dumps(text) + "\n" for text in texts)
    (place / "chunks.jsonl").write_text(lines)
    return lvmctl.open_store(place)
