"""The windows that baselines are fitted on."""

from __future__ import annotations

import numpy as np
import pytest

from lvmctl.registry.specs import Shape
from lvmctl.testing.inputs.contexts import OTHER_SHAPES, SHAPE
from lvmctl.testing.inputs.worlds import windows


@pytest.mark.parametrize("shape", [SHAPE, *OTHER_SHAPES, Shape(4, 20, horizon=3)], ids=str)
def test_articles_are_few_and_of_different_length(shape):
    found = windows(shape)
    lengths = found.split.lengths
    assert len(np.unique(found.article)) == len(lengths) == 6
    assert len(np.unique(lengths)) > 1
    assert lengths.min() >= 8
    assert lengths.max() <= 30
    assert (found.context_length, found.horizon) == (shape.context_length, shape.horizon)
    assert np.allclose(np.linalg.norm(found.split.vectors, axis=1), 1, atol=1e-6)
    assert np.array_equal(found.split.vectors, windows(shape).split.vectors)


def test_there_are_smaller_ones():
    assert len(windows(SHAPE, "one article")) == 25  # 30 chunks, 5 of context
    assert len(windows(SHAPE, "one window")) == 1
    assert len(windows(Shape(8, 40, 2), "one article")) == 1
