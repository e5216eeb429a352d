"""The shared encoders against plain versions of the same mathematics."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest
import torch
from torch import nn

from lvmctl.nn.linear_head import LinearHead
from lvmctl.nn.sequence.model import sequence_model
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.nn.sequence.transformer import Transformer
from lvmctl.registry.specs import Shape

SMALL = SequenceOptions(width=24, layers=3, heads=4, feedforward=40, dropout=0.1)
LSTM = replace(SMALL, encoder="lstm")


@pytest.fixture(autouse=True)
def seed() -> None:
    torch.manual_seed(0)


def contexts(batch: int, shape: Shape) -> torch.Tensor:
    return at_unit_norm(torch.randn(batch, shape.context_length, shape.dim))


def at_unit_norm(x: torch.Tensor) -> torch.Tensor:
    return x / x.square().sum(-1, keepdim=True).sqrt()


def every_position(encoder: Transformer, context: torch.Tensor) -> torch.Tensor:
    """The summary, from blocks that compute every position."""
    x = encoder.embed(context) + encoder.position
    for block in encoder.blocks:
        x = block(x, last_only=False)
    return at_unit_norm(x[:, -1])


@pytest.mark.parametrize("k", [1, 2, 5])
@pytest.mark.parametrize("layers", [1, 3])
def test_the_last_block_may_compute_the_last_token_only(k, layers):
    shape = Shape(10, k)
    encoder = sequence_model(replace(SMALL, layers=layers), shape).eval()
    context = contexts(6, shape)
    assert torch.allclose(encoder(context), every_position(encoder, context), atol=1e-5)


@pytest.mark.parametrize("last_only", [False, True])
def test_a_block_is_torchs_pre_norm_transformer_layer(last_only):
    block = sequence_model(SMALL, Shape(10, 5)).eval().blocks[0]
    plain = nn.TransformerEncoderLayer(24, 4, 40, norm_first=True, batch_first=True).eval()
    for norm in (block.norm_attention, block.norm_feedforward):  # not ones and zeros
        nn.init.uniform_(norm.weight, 0.5, 2)
        nn.init.uniform_(norm.bias)
    attention = plain.self_attn
    for kind in ("weight", "bias"):
        joined = [getattr(block.query, kind), getattr(block.key_value, kind)]
        getattr(attention, f"in_proj_{kind}").data = torch.cat(joined).detach()
    for ours, theirs in (
        (block.merge, attention.out_proj),
        (block.expand, plain.linear1),
        (block.contract, plain.linear2),
        (block.norm_attention, plain.norm1),
        (block.norm_feedforward, plain.norm2),
    ):
        theirs.load_state_dict(ours.state_dict())
    x = torch.randn(6, 5, 24)
    expected = plain(x)[:, -1:] if last_only else plain(x)
    assert torch.allclose(block(x, last_only=last_only), expected, atol=1e-5)


@pytest.mark.parametrize("training", [True, False])
def test_dropout_falls_where_the_plain_layer_has_it(monkeypatch, training):
    fell = []
    monkeypatch.setattr(
        "lvmctl.nn.sequence.transformer.dropout",
        lambda x, p, on: fell.append((tuple(x.shape), p, on)) or x,
    )
    encoder = sequence_model(replace(SMALL, layers=2), Shape(10, 5)).train(training)
    encoder(contexts(6, Shape(10, 5)))
    shapes = [(6, 5, 24)]  # the embedded tokens
    for asking in (5, 1):  # per block: attention weights, its output, hidden units, their output
        shapes += [(6, 4, asking, 5), (6, asking, 24), (6, asking, 40), (6, asking, 24)]
    assert fell == [(shape, 0.1, training) for shape in shapes]


def test_positions_matter():
    shape = Shape(10, 5)
    encoder = sequence_model(SMALL, shape).eval()
    context = contexts(1, shape)
    swapped = context[:, [1, 0, 2, 3, 4]]
    assert not torch.allclose(encoder(context), encoder(swapped), atol=1e-4)


def test_the_lstm_is_two_layers_of_the_textbook_cell():
    shape = Shape(6, 4)
    encoder = sequence_model(replace(LSTM, width=8), shape).eval()
    context = contexts(3, shape)
    state = {name: value.double() for name, value in encoder.recurrent.state_dict().items()}
    steps = encoder.embed(context).double().unbind(1)
    for layer in (0, 1):
        hidden = cell = torch.zeros(3, 8, dtype=torch.float64)
        outputs = []
        for x in steps:
            gates = x @ state[f"weight_ih_l{layer}"].T + state[f"bias_ih_l{layer}"]
            gates = gates + hidden @ state[f"weight_hh_l{layer}"].T + state[f"bias_hh_l{layer}"]
            enter, forget, new, leave = gates.chunk(4, dim=1)
            cell = forget.sigmoid() * cell + enter.sigmoid() * new.tanh()
            hidden = leave.sigmoid() * cell.tanh()
            outputs.append(hidden)
        steps = outputs
    assert encoder.recurrent.num_layers == 2
    assert torch.allclose(encoder(context).double(), at_unit_norm(steps[-1]), atol=1e-5)


@pytest.fixture(params=[SMALL, LSTM], ids=["transformer", "lstm"])
def model(request) -> LinearHead:
    return LinearHead(request.param, Shape(10, 5))


def test_free_is_a_linear_head_at_unit_norm(model):
    model.eval()
    context = contexts(6, Shape(10, 5))
    prediction = model(context)
    assert torch.allclose(prediction.raw, model.head(model.encoder(context)))
    assert torch.allclose(prediction.q.norm(dim=-1), torch.ones(6), atol=1e-6)
    along = (prediction.q * prediction.raw).sum(-1)
    assert torch.allclose(along, prediction.raw.norm(dim=-1), atol=1e-5)
    assert prediction.weights is None
    assert prediction.extras == {}


def test_the_gradient_reaches_every_parameter(model):
    prediction = model(contexts(6, Shape(10, 5)))
    (prediction.q * torch.randn(6, 10)).sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert parameter.grad.abs().max() > 0, name


def test_evaluation_is_deterministic_and_training_is_not(model):
    context = contexts(6, Shape(10, 5))
    model.train()
    assert not torch.equal(model(context).q, model(context).q)
    model.eval()
    assert torch.equal(model(context).q, model(context).q)


def test_a_window_is_predicted_by_itself(model):
    model.eval()
    context = contexts(6, Shape(10, 5))
    alone = torch.cat([model(window[None]).q for window in context])
    assert torch.allclose(model(context).q, alone, atol=1e-5)


def test_weights_survive_a_file(model):
    file = io.BytesIO()
    torch.save(model.state_dict(), file)
    file.seek(0)
    options = LSTM if hasattr(model.encoder, "recurrent") else SMALL
    other = LinearHead(options, Shape(10, 5))
    other.load_state_dict(torch.load(file, weights_only=True))
    context = contexts(6, Shape(10, 5))
    assert torch.equal(other.eval()(context).q, model.eval()(context).q)


def test_predictions_are_float32_under_bf16(model):
    with torch.autocast("cpu", dtype=torch.bfloat16):
        q = model(contexts(6, Shape(10, 5))).q
    assert q.dtype == torch.float32
    assert torch.allclose(q.norm(dim=-1), torch.ones(6), atol=1e-5)


def test_heads_must_divide_width():
    with pytest.raises(ValueError, match=r"^heads = 5 does not divide width = 24$"):
        replace(SMALL, heads=5)
    assert replace(SMALL, heads=5, encoder="lstm").heads == 5


def test_the_published_encoder():
    # Linear D→512, 4 blocks, 8 heads, feed-forward 2048 (docs/methods.md#common-settings).
    encoder = sequence_model(SequenceOptions(), Shape(768, 5))
    assert (encoder.embed.in_features, encoder.embed.out_features) == (768, 512)
    assert encoder.position.shape == (5, 512)
    assert len(encoder.blocks) == 4
    block = encoder.blocks[0]
    assert (block.heads, block.expand.out_features, block.dropout) == (8, 2048, 0.1)
    lstm = sequence_model(SequenceOptions(encoder="lstm"), Shape(768, 5))
    assert lstm.recurrent.hidden_size == 512
