"""Published checkpoints predict what their networks do, whatever the layout."""

from __future__ import annotations

import pytest
import torch
from nn.published_networks import (
    P7,
    P8,
    FreeGru,
    FreeLstm,
    FreeTransformer,
    ResidualLstm,
    with_positions,
)

from lvmctl.nn.published import published_model

DIM = 12
LAYOUTS = [
    (FreeTransformer(DIM), "transformer", "unit"),
    (FreeLstm(DIM), "lstm", "unit"),
    (FreeGru(DIM), "gru", "unit"),
    (ResidualLstm(DIM), "lstm", "unit"),
    (P7(DIM), "p7-transformer", "anchored"),
    (P7(DIM, learned=False), "p7-transformer", "anchored"),
    (P7(DIM, "lstm"), "p7-lstm", "anchored"),
    (P8(DIM), "p8-transformer", "cone"),
    (P8(DIM, deep=False), "p8-transformer", "cone"),
    (P8(DIM, "lstm"), "p8-lstm", "cone"),
]


def contexts(count=6, length=5):
    draw = torch.Generator().manual_seed(1)
    return torch.nn.functional.normalize(torch.randn(count, length, DIM, generator=draw), dim=-1)


@pytest.mark.parametrize(("network", "name", "geometry"), LAYOUTS)
def test_predictions_are_those_of_the_network(network, name, geometry):
    layout = published_model(network.state_dict(), heads=4)
    assert (layout.name, layout.geometry, layout.dim) == (name, geometry, DIM)
    assert layout.context_length == (5 if geometry == "cone" else None)
    assert layout.width == 16
    assert layout.layers == (3 if name == "gru" else 2)
    with torch.no_grad():
        expected, q = network.eval()(contexts()), layout.model(contexts()).q
    assert torch.allclose(q, expected, atol=1e-6)
    assert torch.allclose(q.norm(dim=-1), torch.ones(6), atol=1e-6)


def test_heads_count():
    network = FreeTransformer(DIM).eval()
    with torch.no_grad():
        other = published_model(network.state_dict(), heads=2).model(contexts()).q
        assert not torch.allclose(other, network(contexts()), atol=1e-3)


def test_a_ramp_of_positions():
    network = FreeTransformer(DIM, extra=1).eval()
    layout = published_model(network.state_dict(), heads=4, ramp=0.5)
    assert layout.dim == DIM
    with torch.no_grad():
        expected, q = with_positions(network, 0.5)(contexts()), layout.model(contexts()).q
    assert torch.allclose(q, expected, atol=1e-6)


def test_other_windows_than_five():
    network = P7(DIM).eval()
    layout = published_model(network.state_dict(), heads=4)
    with torch.no_grad():
        expected = network(contexts(length=7))
        assert torch.allclose(layout.model(contexts(length=7)).q, expected, atol=1e-6)


def test_what_has_another_layout_is_refused():
    state = P8(DIM).state_dict()
    with pytest.raises(ValueError, match="no layout"):
        published_model({"residual_net.0.weight": torch.zeros(2, 2)})
    with pytest.raises(ValueError, match="no layout has such a head"):
        published_model({k: t for k, t in state.items() if "attention.0" not in k}, 4)
    with pytest.raises(RuntimeError, match="residual_head"):
        published_model(state | {"residual_head.0.weight": torch.zeros(2, 2)}, 4)
    del state["input_proj.bias"]
    with pytest.raises(RuntimeError, match=r"input_proj\.bias"):
        published_model(state, 4)
