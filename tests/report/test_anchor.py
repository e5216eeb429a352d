from __future__ import annotations

import numpy as np
import pytest
from report.drawn import line
from report.saved import anchor, fivecat

from lvmctl.report.anchor import draw, section
from lvmctl.report.section import Missing


@pytest.mark.filterwarnings("error")
def test_where_the_two_cancel_there_is_no_direction():
    _, curve = line(draw(anchor(0.5)).axes[0], "f(ρ), λ = .500")
    assert np.isnan(curve[0])
    assert np.isfinite(curve[1:]).all()


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
