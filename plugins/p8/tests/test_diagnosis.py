"""What P8 adds to the diagnosis of a run: whether its order verifier beats guessing."""

from __future__ import annotations

import json

import pytest
from lvmctl_p8.diagnosis import OrderDiagnosis


@pytest.fixture
def asked(tmp_path):
    """``asked(val)``: the diagnosis of a history whose last epoch has these figures."""

    def ask(val: dict, train: dict | None = None):
        path = tmp_path / "training_history.json"
        path.write_text(json.dumps([{"epoch": 1, "train": train or {}, "val": val}]))
        return OrderDiagnosis()(path, None)

    return ask


def test_an_order_verifier_at_chance_is_minor(asked):
    found = asked({"order_accuracy": 0.51, "windows": 1700})
    (finding,) = found.findings
    assert (finding.name, finding.severity, finding.epoch) == ("order-at-chance", "minor", 1)
    assert finding.evidence == "order_accuracy .510, guessing gives .500 ± .024"
    assert (found.verdict, found.change) == ("ORDER AT CHANCE", finding.remedy)


def test_one_that_tells_more_is_no_finding(asked):
    found = asked({"order_accuracy": 0.53, "windows": 1700})
    assert (found.verdict, found.findings) == ("TOLD", ())
    assert found.figures["order_accuracy"] == 0.53


def test_the_figure_of_training_serves_where_validation_has_none(asked):
    assert asked({"windows": 1700}, {"order_accuracy": 0.6}).verdict == "TOLD"


@pytest.mark.parametrize("val", [{}, {"order_accuracy": 0.5}, {"windows": 90}])
def test_without_figures_nothing_is_said(asked, val):
    found = asked(val)
    assert (found.verdict, found.findings, found.figures) == ("NOT MEASURED", (), {})
