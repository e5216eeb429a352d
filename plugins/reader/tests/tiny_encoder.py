"""An encoder of a few numbers, its tokeniser and texts that it can learn."""

from __future__ import annotations

import json

import numpy as np
import torch
from lvmctl_reader.bert import BertShape, Layers, Words
from lvmctl_reader.continuation import Continuation
from lvmctl_reader.work import Work

WORDS = [f"w{number}" for number in range(12)]

SHAPE = BertShape(4 + len(WORDS), positions=64, width=16, inner=16, heads=2, layers=1)


def tensors(shape: BertShape) -> tuple[dict, dict]:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Words(shape).state_dict(), Layers(shape).state_dict()


def vocabulary() -> bytes:
    names = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", *WORDS]
    model = {
        "type": "WordLevel",
        "vocab": {n: i for i, n in enumerate(names)},
        "unk_token": "[UNK]",
    }
    added = [
        {"id": i, "content": n, "special": True}
        | dict.fromkeys(("single_word", "lstrip", "rstrip", "normalized"), False)
        for i, n in enumerate(names[:4])
    ]
    splitter = {"type": "Whitespace"}
    rest = dict.fromkeys(("truncation", "padding", "normalizer", "post_processor", "decoder"))
    return json.dumps(
        {"version": "1.0", "added_tokens": added, "pre_tokenizer": splitter, "model": model, **rest}
    ).encode()


def counted(articles: int, chunks: int, seed: int) -> list[list[str]]:
    """Articles whose chunks each have the word after that of the chunk before."""
    first = np.random.default_rng(seed).integers(len(WORDS), size=articles)
    texts = [(number + np.arange(chunks)) % len(WORDS) for number in first]
    return [[f"{WORDS[number]} {WORDS[number]}" for number in each] for each in texts]


def learned(articles: list[tuple[int, list[str]]]) -> Continuation:
    torch.manual_seed(0)
    made = Continuation()
    made.learn(articles, 3, Work())
    return made
