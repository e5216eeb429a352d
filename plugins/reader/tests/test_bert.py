"""The encoder's network against torch's own, and texts of several lengths together."""

from __future__ import annotations

import pytest
import torch
from lvmctl_reader.bert import BertShape, Layer, Layers, Words, batches, encoded, padded

SHAPE = BertShape(words=30, positions=40, width=12, inner=20, heads=3, layers=2)


@pytest.fixture
def network():
    torch.manual_seed(0)
    words, layers = Words(SHAPE), Layers(SHAPE)
    for parameter in [*words.parameters(), *layers.parameters()]:
        torch.nn.init.normal_(parameter, std=0.3)

    def encode(tokens, there):
        return layers([words(each) for each in tokens], there)

    return words, layers, encode


def in_torch(layer: Layer) -> torch.nn.TransformerEncoderLayer:
    """The same weights in torch's layer."""
    made = torch.nn.TransformerEncoderLayer(
        SHAPE.width, SHAPE.heads, SHAPE.inner, 0.0, "gelu", 1e-12, batch_first=True
    )
    parts = {
        "self_attn.in_proj_": layer.read,
        "self_attn.out_proj.": layer.write,
        "linear1.": layer.up,
        "linear2.": layer.down,
        "norm1.": layer.attended,
        "norm2.": layer.fed,
    }
    state = {
        f"{n}{kind}": getattr(x, kind) for n, x in parts.items() for kind in ("weight", "bias")
    }
    made.load_state_dict(state)
    return made


def test_it_is_the_mean_over_tokens_of_torchs_own_layers(network):
    words, layers, encode = network
    tokens = [torch.randint(30, (3, 8)), torch.randint(30, (2, 16))]
    lengths = [torch.tensor([8, 5, 1]), torch.tensor([16, 16])]
    there = [torch.arange(each.shape[1]) < n[:, None] for each, n in zip(tokens, lengths)]
    means = []
    for x, real, of in zip(map(words, tokens), there, lengths):
        for layer in layers:
            x = in_torch(layer)(x, src_key_padding_mask=~real)
        means += [row[:n].mean(dim=0) for row, n in zip(x, of)]
    assert torch.allclose(encode(tokens, there), torch.stack(means), atol=1e-5)


def test_a_text_has_one_vector_whatever_is_beside_it(network, monkeypatch):
    *_, encode = network
    texts = [tuple(torch.randint(1, 30, (n,)).tolist()) for n in (3, 9, 3, 17, 8, 9, 1)]
    texts.append(texts[1])
    alone = torch.cat([encoded(encode, [text]) for text in texts])
    for together in (16, 40, 8192):
        monkeypatch.setattr("lvmctl_reader.bert.TOGETHER", together)
        assert torch.allclose(encoded(encode, texts), alone, atol=1e-6)


def test_batches_are_bounded_and_hold_every_text(monkeypatch):
    monkeypatch.setattr("lvmctl_reader.bert.TOGETHER", 64)
    texts = sorted((tuple([1] * n) for n in (3, 9, 3, 17, 8, 9, 1, 50, 4)), key=len)
    made = list(batches(texts))
    assert [text for batch in made for group in batch for text in group] == texts
    sizes = [sum(padded(group)[0].numel() for group in batch) for batch in made]
    assert sizes == [40, 56, 56]


def test_equal_texts_are_computed_once(network):
    *_, encode = network
    rows = []

    def counted(tokens, there):
        rows.append(sum(map(len, tokens)))
        return encode(tokens, there)

    assert encoded(counted, [(1, 2), (3, 4), (1, 2)]).shape == (3, 12)
    assert sum(rows) == 2
