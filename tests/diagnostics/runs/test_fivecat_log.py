"""Logs of the published project's 5CAT, and other files in the place of a history."""

from __future__ import annotations

import json

import pytest

import lvmctl
from lvmctl.core.errors import RunError

PRINTED = """[RUN] Offset alignment sweep — VAL
===== Summary =====
VAL
  A:k=-3          0.41
  A:k=0           0.52
  A:margin(+1)   -0.09
  B:R@1 0.2
  B:R@5           6.0e-1
  B:MRR           nan
OOD
  A:k=0           0.5
  E:low_mean      NaN
[RESULT] Gates:
{"offset_sweep": false}
"""
AS_JSON = """[INFO] Loading
{
  "VAL": {
    "A:k=-3": 0.41,
    "A:k=0": 0.52,
    "A:margin(+1)": -0.09,
    "B:R@1": 0.2,
    "B:R@5": 0.6,
    "B:MRR": NaN
  },
  "OOD": {
    "A:k=0": 0.5,
    "E:low_mean": NaN
  }
}
[FAIL]
"""
VAL = {"A:k=-3": 0.41, "cos_next": 0.52, "A:margin(+1)": -0.09, "r@1": 0.2, "r@5": 0.6}


@pytest.mark.parametrize("text", [PRINTED, AS_JSON])
def test_a_log_is_one_epoch(text, tmp_path):
    path = tmp_path / "5cat_results.json"
    path.write_text(text, encoding="utf-8")
    (record,) = lvmctl.read_history(path).records
    assert record == {"epoch": 1, "val": VAL, "ood": {"cos_next": 0.5}, "source": "5CAT log"}
    diagnosis = lvmctl.diagnose("run", path)
    assert diagnosis.verdict == "UNDECIDED"
    assert diagnosis.figures["last"]["r@5"] == 0.6
    assert any("the window included" in note for note in diagnosis.figures["notes"])


def test_what_is_neither_json_nor_a_log(tmp_path):
    (tmp_path / "h.json").write_text("[INFO] nothing")
    with pytest.raises(RunError, match=r"h.json: is not JSON"):
        lvmctl.read_history(tmp_path / "h.json")


def test_a_folder_whose_history_has_the_other_name(tmp_path):
    (tmp_path / "history.json").write_text(json.dumps([{"epoch": 2, "val_cosine": 0.5}]))
    (tmp_path / "args.json").write_text("{}")
    assert lvmctl.read_history(tmp_path).last("val.cos_next") == 0.5


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.json", {"model_type": "lstm", "train_npz": "a"}, "no figure of an epoch; give tr"),
        ("best_model.pt", {}, "is a model, no history; lvmctl eval compare"),
    ],
)
def test_what_is_no_history_says_what_to_give(name, content, message, tmp_path):
    (tmp_path / name).write_text(json.dumps(content))
    with pytest.raises(RunError, match=message):
        lvmctl.read_history(tmp_path / name)
