"""Which results may stand as a run's own."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from lvmctl.evaluation.eval_data import EvalRequest
from lvmctl.evaluation.fivecat.run import ABLATION_WINDOWS, partial


def trained(*splits: str) -> SimpleNamespace:
    plan = SimpleNamespace(options=SimpleNamespace(min_article=20))
    config = {"splits": dict.fromkeys(("train", "val", *splits)), "data": {"data": "books"}}
    return SimpleNamespace(plan=plan, config=config)


@pytest.mark.parametrize(
    ("options", "windows", "named"),
    [
        ({}, ABLATION_WINDOWS, ()),
        ({"min_article": 20}, ABLATION_WINDOWS + 1, ()),
        ({"min_article": 19}, ABLATION_WINDOWS, ("--min-article",)),
        ({"max_windows": 60}, ABLATION_WINDOWS, ("--max-windows",)),
        ({"level": "chunk"}, ABLATION_WINDOWS, ()),
        ({"level": "sentence"}, ABLATION_WINDOWS, ("--level",)),
        ({"data": "store@val"}, ABLATION_WINDOWS, ("--data",)),
        ({"train": ("store",)}, ABLATION_WINDOWS - 1, ("--train", "--ablation-windows")),
    ],
)
def test_options_that_make_another_look(options, windows, named):
    assert partial(trained(), EvalRequest(**options), windows) == named


def test_ood_text_for_a_run_without_any_takes_nothing_away():
    assert partial(trained(), EvalRequest(ood="other"), ABLATION_WINDOWS) == ()
    assert partial(trained("ood"), EvalRequest(ood="other"), ABLATION_WINDOWS) == ("--ood",)
