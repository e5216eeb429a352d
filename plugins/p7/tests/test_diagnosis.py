"""What P7 adds to the diagnosis of a run: a λ that stands still, an escape that the blend hides."""

from __future__ import annotations

import json

import numpy as np
import pytest
from diagnostics.histories import escaped, planted, published_p7
from edited import edited
from lvmctl_p7.anchoring import anchored_cosine
from lvmctl_p7.diagnosis import AnchorDiagnosis, frozen, hidden_escapes, position, rho_of
from matplotlib.axes import Axes

from lvmctl import History


def diagnosis_of(tmp_path, history: History, results: dict | None = None):
    """The diagnosis of a run directory that has this history."""
    edited(tmp_path / "training_history.json").write_text(json.dumps(history.records))
    if results is not None:
        edited(tmp_path / "5cat_results.json").write_text(json.dumps(results))
    return AnchorDiagnosis()(tmp_path, None)


def at_eighty(record):
    record["anchor_lambda"] = 0.800000011920929


def test_a_lambda_that_stands_still_is_frozen():
    (finding,) = frozen(planted(at_eighty, config={"options": {"learn_lambda": True}}))
    assert (finding.name, finding.severity, finding.epoch) == ("frozen-parameter", "serious", 1)
    assert "anchor_lambda is 0.8 at each of 10 epochs; the plan says that it is learned" in (
        finding.evidence
    )
    (finding,) = frozen(planted(at_eighty))
    assert "P7 learns it by default" in finding.evidence


def test_a_lambda_that_is_not_learned_or_on_its_bound_may_stand_still():
    assert list(frozen(planted(at_eighty, config={"options": {"learn_lambda": False}}))) == []

    def bound(record):
        record["anchor_lambda"] = 0.6000000238418579

    assert list(frozen(planted(bound))) == []
    assert list(frozen(planted(at_eighty, epochs=1))) == []


def test_the_published_escape_is_one_that_the_blend_hides():
    (finding,) = hidden_escapes(published_p7())
    assert (finding.name, finding.severity, finding.epoch) == ("orthogonal-escape", "critical", 3)
    assert "the raw prediction left the centroid" in finding.evidence
    assert "--set w_cosine=1" in finding.remedy
    # f of ρ = .41 and .17 at λ = .8 (docs/methods.md#blend); the histories' λ is a little below .8.
    last = position(published_p7())
    curve = dict(last.curve)
    assert curve[2] == pytest.approx(0.41, abs=0.02)
    assert curve[3] == pytest.approx(0.17, abs=0.02)
    assert last.blended == pytest.approx(0.430, abs=1e-6)


def test_a_raw_prediction_that_stays_or_a_target_that_is_kept_is_no_escape():
    assert list(hidden_escapes(planted(lambda record: None))) == []

    def leaves(record):
        record["val"]["raw_anchor_cosine"] = 0.4 if record["epoch"] < 4 else -0.2

    assert list(hidden_escapes(planted(leaves))) == []


@pytest.mark.parametrize("anchor_lambda", [0.6, 0.8, 0.9])
@pytest.mark.parametrize("rho", [-0.9, -0.1, 0.0, 0.4, 1.0])
def test_rho_is_what_f_makes_the_cosine_of(rho, anchor_lambda):
    inverted = rho_of(anchored_cosine(rho, anchor_lambda), anchor_lambda)
    assert inverted == pytest.approx(rho, abs=1e-6)


@pytest.mark.parametrize(("rho", "position_known"), [(-1, False), (-1.005, False), (-0.99, True)])
def test_opposite_vectors_of_equal_weight_have_no_position(rho, position_known):
    val = {"cos_anchor": 0.0, "raw_anchor_cosine": rho}
    history = History([{"epoch": 1, "anchor_lambda": 0.5, "val": val}])
    assert (position(history) is not None) == position_known


def test_a_mean_a_little_outside_is_on_the_edge():
    val = {"cos_anchor": 1.0, "raw_anchor_cosine": 1.005}
    last = position(History([{"epoch": 1, "anchor_lambda": 0.8, "val": val}]))
    assert (last.rho, last.blended) == (1.0, pytest.approx(1.0))


def test_rho_is_unknown_where_f_has_two():
    assert rho_of(0.5, 0.4) is None
    assert rho_of(-0.9, 0.5 + 1e-9) is None
    assert rho_of(0.5, None) is None


def test_models_that_are_not_anchored_have_no_position(tmp_path):
    assert position(escaped()) is None
    assert position(History([{"epoch": 1}])) is None
    diagnosis = diagnosis_of(tmp_path, escaped())
    assert (diagnosis.verdict, diagnosis.figures, diagnosis.findings) == ("NOT ANCHORED", {}, ())
    assert diagnosis.plot is None


def test_a_healthy_run_is_anchored_and_its_figures_are_those_of_f(tmp_path):
    history = planted(lambda record: None)
    diagnosis = diagnosis_of(tmp_path, history)
    assert (diagnosis.verdict, diagnosis.findings, diagnosis.change) == ("ANCHORED", (), "")
    last = history.records[-1]
    figures = diagnosis.figures
    assert figures["lambda"] == last["anchor_lambda"]
    assert figures["rho"] == last["val"]["raw_anchor_cosine"]
    assert figures["f"] == pytest.approx(figures["cos_anchor"], abs=1e-6)
    assert {"f_at_0", "least_rho"} <= figures.keys()
    assert "At λ = .79 a mean ρ of" in diagnosis.sentence


def test_the_published_run_is_called_by_its_escape(tmp_path):
    diagnosis = diagnosis_of(tmp_path, published_p7())
    assert diagnosis.verdict == "ORTHOGONAL ESCAPE"
    assert diagnosis.change == diagnosis.findings[0].remedy


def lines(axes: Axes) -> dict[str, tuple[list, list]]:
    return {line.get_label(): tuple(map(list, line.get_data())) for line in axes.lines}


def test_the_runs_windows_lie_on_the_curve_of_its_lambda(tmp_path):
    def fixed(record):
        record["anchor_lambda"] = 0.6

    rho = [-0.5, 0.1, 0.9]
    extras = {
        "raw_anchor_cosine": rho,
        "anchored_cosine": [anchored_cosine(x, 0.6) for x in rho],
    }
    diagnosis = diagnosis_of(tmp_path, planted(fixed), {"extras": extras})
    (axes,) = diagnosis.plot().axes
    drawn = lines(axes)
    assert drawn["windows"] == (rho, extras["anchored_cosine"])
    x, curve = drawn["f(ρ), λ = .600"]
    assert (min(x), max(x)) == axes.get_xlim() == (-1, 1)
    assert np.interp(rho, x, curve) == pytest.approx(extras["anchored_cosine"], abs=1e-3)
    assert drawn["no blending"][0] == drawn["no blending"][1]


@pytest.mark.filterwarnings("error")
def test_where_the_two_cancel_there_is_no_direction(tmp_path):
    def half(record):
        record["anchor_lambda"] = 0.5

    diagnosis = diagnosis_of(tmp_path, planted(half))
    _, curve = lines(diagnosis.plot().axes[0])["f(ρ), λ = .500"]
    assert np.isnan(curve[0])
    assert np.isfinite(curve[1:]).all()


@pytest.mark.parametrize("results", [None, {}, {"extras": {"blend": 0.5}}, {"extras": None}])
def test_without_windows_the_mean_of_the_last_epoch_is_drawn(tmp_path, results):
    diagnosis = diagnosis_of(tmp_path, planted(lambda record: None), results)
    points = lines(diagnosis.plot().axes[0])["mean, last epoch"]
    assert points == ([diagnosis.figures["rho"]], [diagnosis.figures["cos_anchor"]])
