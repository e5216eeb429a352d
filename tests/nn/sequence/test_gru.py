"""The residual GRU against a cell written out by hand."""

from __future__ import annotations

import pytest
import torch

from lvmctl.nn.linear_head import LinearHead
from lvmctl.nn.sequence.model import sequence_model
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl.registry.specs import Shape

OPTIONS = SequenceOptions(encoder="gru", width=6, layers=3, dropout=0.5)


def by_hand(encoder: torch.nn.Module, context: torch.Tensor) -> torch.Tensor:
    """The summary in float64, step by step and gate by gate."""
    weights = {name: value.double() for name, value in encoder.state_dict().items()}
    x = context.double() @ weights["embed.weight"].T + weights["embed.bias"]
    for layer in range(len(encoder.recurrent)):
        w_in, w_state, b_in, b_state = (
            weights[f"recurrent.{layer}.{kind}_l0"]
            for kind in ("weight_ih", "weight_hh", "bias_ih", "bias_hh")
        )
        state, outputs = torch.zeros(len(x), x.shape[-1]).double(), []
        for step in range(x.shape[1]):
            reset_in, update_in, new_in = (x[:, step] @ w_in.T + b_in).chunk(3, dim=1)
            reset_s, update_s, new_s = (state @ w_state.T + b_state).chunk(3, dim=1)
            reset, update = (reset_in + reset_s).sigmoid(), (update_in + update_s).sigmoid()
            new = (new_in + reset * new_s).tanh()
            state = (1 - update) * new + update * state
            outputs.append(state)
        x = x + torch.stack(outputs, dim=1)
    last = x[:, -1]
    return last / last.norm(dim=-1, keepdim=True)


@pytest.mark.parametrize("k", [1, 5])
def test_it_is_gru_layers_with_residuals(k):
    torch.manual_seed(0)
    encoder = sequence_model(OPTIONS, Shape(9, k)).eval()
    context = torch.randn(4, k, 9)
    assert len(encoder.recurrent) == 3
    assert torch.allclose(encoder(context).double(), by_hand(encoder, context), atol=1e-5)


def test_dropout_falls_in_training_and_between_layers_only():
    torch.manual_seed(0)
    context = torch.randn(4, 5, 9)
    encoder = sequence_model(OPTIONS, Shape(9, 5))
    assert not torch.equal(encoder(context), encoder(context))
    assert torch.equal(encoder.eval()(context), encoder(context))
    single = sequence_model(
        SequenceOptions(encoder="gru", width=6, layers=1, dropout=0.5), Shape(9, 5)
    )
    assert torch.equal(single.train()(context), single(context))


@pytest.mark.parametrize("bf16", [False, True])
def test_a_free_model_reads_with_it(bf16):
    model = LinearHead(OPTIONS, Shape(9, 5))
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=bf16):
        q = model(torch.randn(4, 5, 9)).q
    assert q.dtype == torch.float32
    assert q.norm(dim=-1).tolist() == pytest.approx([1.0] * 4, abs=1e-5)
    q.sum().backward()
    assert all(parameter.grad.abs().max() > 0 for parameter in model.parameters())
