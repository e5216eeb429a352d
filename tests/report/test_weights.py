from __future__ import annotations

import numpy as np
import pytest
from report.plots import texts
from report.saved import fivecat

from lvmctl.report.section import Missing
from lvmctl.report.weights import draw, section


def test_cells_hold_the_weights_and_say_them():
    weights = {
        "coherence": [0.2, 0.6],
        "mean": [[0.1, 0.2, 0.7], [0.0, 0.41, 0.43]],
        "all": [0] * 3,
    }
    (axes,) = draw(weights).axes
    (mesh,) = axes.collections
    assert np.array_equal(mesh.get_array().reshape(2, 3), weights["mean"])
    assert texts(axes) == [".100", ".200", ".700", ".000", ".410", ".430"]
    assert [tuple(text.get_position()) for text in axes.texts][4] == (1.5, 1.5)
    colors = [text.get_color() for text in axes.texts]
    assert colors == ["black", "black", "white", "black", "black", "white"]
    assert [t.get_text() for t in axes.get_xticklabels()] == ["oldest", "2", "last"]
    assert [t.get_text() for t in axes.get_yticklabels()] == [".200", ".600"]
    assert axes.get_xticks().tolist() == [0.5, 1.5, 2.5]
    assert axes.get_yticks().tolist() == [0.5, 1.5]
    assert axes.yaxis_inverted()  # the least coherent above


@pytest.mark.parametrize("mean", [[[None, None]], [[0.0, 0.0]]])
def test_weights_that_are_no_numbers_are_drawn_in_silence(mean, recwarn):
    draw({"coherence": [None], "mean": mean})
    assert not recwarn.list


def test_many_places_have_no_numbers_and_one_has_its_own():
    assert texts(draw({"coherence": [0.5], "mean": [[0.1] * 10]}).axes[0]) == []
    alone = draw({"coherence": [None], "mean": [[1.0]]}).axes[0]
    assert [t.get_text() for t in alone.get_xticklabels()] == ["1"]
    assert [t.get_text() for t in alone.get_yticklabels()] == ["-"]


def test_the_sentence_says_the_mean(make_inputs):
    assert "oldest first: .100 .120 .150 .155 .475." in section(make_inputs()).body


def test_a_model_without_weights_has_no_map(make_inputs):
    result = fivecat()
    del result["weights"]
    assert section(make_inputs(result)) == Missing("Mixture weights α", "the model has no weights")
