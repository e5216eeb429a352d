"""P8's losses say how much they need of what the batch is built with."""

from __future__ import annotations

import pytest
from lvmctl_p8.listwise import Listwise
from lvmctl_p8.order import OrderVerifier
from lvmctl_p8.plugin import lvmctl_losses

from lvmctl import Shape
from lvmctl.registry.build import construct

DIM = 7
SHAPE = Shape(DIM, 5)
RECORDS = {record.name: record for record in lvmctl_losses()}
CLASSES = {"listwise": Listwise, "order": OrderVerifier}


@pytest.mark.parametrize("name", CLASSES)
def test_a_loss_says_how_much_it_needs(name):
    loss = construct(CLASSES[name], options=RECORDS[name].options(), shape=SHAPE)
    counts = {key: getattr(loss, key) for key in ("negatives", "order_pairs") if hasattr(loss, key)}
    expected = {"listwise": {"negatives": 2}, "order": {"order_pairs": 2}}
    assert counts == expected.get(name, {})
