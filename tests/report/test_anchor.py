from __future__ import annotations

import numpy as np
import pytest
from report.drawn import line
from report.saved import anchor, fivecat

from lvmctl.report.anchor import anchored_cosine, draw, section
from lvmctl.report.section import Missing


@pytest.mark.parametrize(
    ("anchor_lambda", "rho", "value"),
    [  # METHODS §2.5
        (0.6, 0.0, 0.5547),
        (0.8, 0.0, 0.2425),
        (0.9, 0.0, 0.1104),
        (0.8, -1.0, -1.0),
        (0.4, -1.0, 1.0),
        (0.8, 0.41, 0.586),
        (0.8, 0.17, 0.392),
        (0.4, -0.4 / 0.6, 0.2**0.5 / 0.6),
        (0.5, 1.0, 1.0),
    ],
)
def test_the_curve_is_that_of_the_formula(anchor_lambda, rho, value):
    # The reports give their readings to two places of ρ.
    assert anchored_cosine(np.array([rho]), anchor_lambda) == pytest.approx([value], abs=6e-4)


def test_the_curve_is_the_cosine_of_the_blend():
    rng = np.random.default_rng(0)
    raw, center = (x / np.linalg.norm(x, axis=1, keepdims=True) for x in rng.normal(size=(2, 9, 6)))
    for anchor_lambda in (0.1, 0.5, 0.7, 1.0):
        blend = anchor_lambda * raw + (1 - anchor_lambda) * center
        expected = (blend * center).sum(1) / np.linalg.norm(blend, axis=1)
        assert anchored_cosine((raw * center).sum(1), anchor_lambda) == pytest.approx(expected)


def test_where_the_two_cancel_there_is_no_direction(recwarn):
    assert np.isnan(anchored_cosine(np.array([-1.0]), 0.5)).all()
    assert not recwarn.list


def test_the_runs_windows_lie_on_the_curve_of_its_lambda():
    found = anchor(0.6)
    (axes,) = draw(found).axes
    assert line(axes, "windows") == (found["rho"], found["cos_anchor"])
    rho, curve = line(axes, "f(ρ), λ = .600")
    assert (min(rho), max(rho)) == axes.get_xlim() == (-1, 1)
    assert np.interp(found["rho"], rho, curve) == pytest.approx(found["cos_anchor"], abs=1e-3)
    assert line(axes, "no blending")[0] == line(axes, "no blending")[1]


def test_the_sentence_says_what_the_blend_does(make_inputs):
    body = section(make_inputs(fivecat() | {"anchor": anchor(0.8)})).body
    assert "λ = .800: mean ρ .190, mean cos_anchor .400." in body


def test_a_model_without_an_anchor_has_no_curve(make_inputs):
    found = section(make_inputs())
    assert isinstance(found, Missing)
    assert "blends nothing" in found.why
