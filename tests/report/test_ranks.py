from __future__ import annotations

from report.plots import labels, line
from report.saved import CUTS, branch, fivecat

from lvmctl.report.ranks import draw, section
from lvmctl.report.section import Missing


def test_the_curves_are_those_of_the_run_its_rivals_its_oracle_and_chance():
    curves = fivecat()["rank_curve"] | {"random": [0.0] * len(CUTS)}
    (axes,) = draw(curves, "p8", "cone-oracle").axes
    shown = ["p8", "direct", "centroid", "wiener", "ridge", "cone-oracle", "chance"]
    assert labels(axes) == shown
    for name in shown:
        assert line(axes, name) == (CUTS, curves[name])
    assert axes.get_xscale() == "log"
    assert axes.get_ylim()[0] == 0
    assert 1 < axes.get_ylim()[1] < 1.1
    assert [t.get_text() for t in axes.get_xticklabels()] == ["1", "2", "5", "10", "15", "20", "50"]


def test_what_was_not_measured_is_not_drawn(make_inputs):
    result = fivecat()
    for name in ("ridge", "cone-oracle"):
        del result["rank_curve"][name]
    body = section(make_inputs(result)).body
    assert ">ridge<" not in body
    assert "sees the target" not in body


def test_the_sentence_has_chance_and_pool_beside_the_figure(make_inputs):
    body = section(make_inputs()).body
    assert "(35.2 on average; 4,900 windows)" in body
    assert "R@5 .550 [.530, .580], direct .520, chance .140. cone-oracle sees the target." in body


def test_without_long_articles_it_is_left_out(make_inputs):
    shown = section(make_inputs(fivecat() | {"rank_curve": {"cuts": CUTS}}))
    assert isinstance(shown, Missing)
    assert shown.why == "no article has 20 chunks"


def test_a_model_with_its_own_score_says_what_q_alone_does(make_inputs):
    result = fivecat()
    assert "q alone" not in section(make_inputs(result)).body
    ranks = branch(**{"r@5": 0.41, "mrr@10": 0.22})
    result["predictors"]["p8"]["q"] = {"in_article": {"filtered": ranks}}
    body = section(make_inputs(result, name="other")).body
    assert "q alone R@5 is .410 [.390, .440], MRR@10 .220" in body
