"""What a model says besides its prediction is drawn under its own name."""

from __future__ import annotations

from report.plots import labels, line
from report.saved import fivecat, history

from lvmctl.report.extras import draw, section
from lvmctl.report.section import Missing


def with_extra(name: str) -> list[dict]:
    records = history()
    for number, record in enumerate(records):
        record["train"][name], record["val"][name] = 0.1 * number, 0.2 * number
    return records


def test_each_extra_is_drawn_by_epoch():
    records = with_extra("gate")
    (axes,) = draw(["gate"], records).axes
    assert axes.get_ylabel() == "gate"
    assert labels(axes) == ["train", "val"]
    assert line(axes, "val") == ([1, 2, 3, 4, 5], [r["val"]["gate"] for r in records])


def test_the_sentence_has_the_means_of_the_windows(make_inputs):
    result = fivecat() | {"extras": {"blend": 0.75, "gate": [0.25, 0.5]}}
    body = section(make_inputs(result)).body
    assert "blend .750, gate .375." in body


def test_a_model_without_extras_has_no_section(make_inputs):
    shown = section(make_inputs())
    assert isinstance(shown, Missing)
    assert "only its prediction" in shown.why
