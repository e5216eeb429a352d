"""A batch gives what was declared and says so when it was not."""

from __future__ import annotations

import pytest
import torch

from lvmctl import Batch
from lvmctl.core.batch import FIELDS


@pytest.fixture
def batch() -> Batch:
    return Batch({"context": torch.zeros(4, 5, 3), "target": torch.ones(4, 3)})


def test_fields_are_read_by_name(batch):
    assert len(batch) == 4
    assert torch.equal(batch.target, torch.ones(4, 3))
    assert "target" in batch
    assert "negatives" not in batch


def test_a_loss_sees_only_what_it_declared(batch):
    seen = batch.only(("target",), "loss mse")
    assert torch.equal(seen.target, batch.target)
    assert len(seen) == 4
    with pytest.raises(
        AttributeError,
        match=r"^loss mse reads batch\.context without declaring it; add it to `needs`",
    ):
        _ = seen.context


def test_a_field_of_a_plugin_is_one_too(batch):
    whole = batch.having(places=torch.zeros(4, 2))
    seen = whole.only(("mine/places",), "loss far")
    assert torch.equal(seen.places, torch.zeros(4, 2))
    assert [*seen] == ["places"]
    with pytest.raises(AttributeError, match=r"loss far reads batch\.context without declaring"):
        _ = seen.context
    hidden = whole.only(("target",), "loss near")
    with pytest.raises(AttributeError, match=r"loss near reads batch\.places without declaring"):
        _ = hidden.places


def test_an_unknown_field_lists_the_known_ones(batch):
    with pytest.raises(AttributeError, match="a batch has no field 'targets'; it has ") as caught:
        _ = batch.targets
    assert all(name in str(caught.value) for name in FIELDS)


def test_a_batch_cannot_give_what_it_was_not_built_with(batch):
    with pytest.raises(AttributeError, match=r"this code reads batch\.negatives"):
        _ = batch.negatives
    with pytest.raises(KeyError):
        batch.only(("negatives",), "loss listwise")
