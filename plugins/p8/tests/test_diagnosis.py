"""What P8 adds to the diagnosis of a run: whether its order verifier beats guessing."""

from __future__ import annotations

import json

import pytest
from lvmctl_p8.diagnosis import OrderDiagnosis


@pytest.fixture
def diagnose(tmp_path):
    """``asked(val)``: the diagnosis of a history whose last epoch has these figures."""

    def ask(val: dict, train: dict | None = None):
        path = tmp_path / "training_history.json"
        path.write_text(json.dumps([{"epoch": 1, "train": train or {}, "val": val}]))
        return OrderDiagnosis()(path, None)

    return ask


def test_an_order_verifier_at_chance_is_minor(diagnose):
    diagnosis = diagnose({"order_accuracy": 0.51, "windows": 1700})
    (finding,) = diagnosis.findings
    assert (finding.name, finding.severity, finding.epoch) == ("order-at-chance", "minor", 1)
    assert finding.evidence == "order_accuracy .510, guessing gives .500 ± .024"
    assert (diagnosis.verdict, diagnosis.change) == ("ORDER AT CHANCE", finding.remedy)


def test_one_that_tells_more_is_no_finding(diagnose):
    diagnosis = diagnose({"order_accuracy": 0.53, "windows": 1700})
    assert (diagnosis.verdict, diagnosis.findings) == ("TOLD", ())
    assert diagnosis.figures["order_accuracy"] == 0.53


def test_the_figure_of_training_serves_where_validation_has_none(diagnose):
    assert diagnose({"windows": 1700}, {"order_accuracy": 0.6}).verdict == "TOLD"


@pytest.mark.parametrize("val", [{}, {"order_accuracy": 0.5}, {"windows": 90}])
def test_without_figures_nothing_is_reported(diagnose, val):
    diagnosis = diagnose(val)
    assert (diagnosis.verdict, diagnosis.findings, diagnosis.figures) == ("NOT MEASURED", (), {})
