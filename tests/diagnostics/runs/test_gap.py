"""Training beside validation: what can be compared, and what only looks like a fault."""

from __future__ import annotations

import pytest
from diagnostics.histories import planted, records, val

from lvmctl.diagnostics.runs.gap import like_for_like, notes, overfitting
from lvmctl.diagnostics.runs.history import History


def row(history, term):
    return next(row for row in like_for_like(history) if row["term"] == term)


def test_terms_are_compared_with_themselves():
    cells = row(History(records()), "loss_rank")
    assert cells["train_last"] < cells["train_first"]
    assert cells["val_best_epoch"] == cells["val_last_epoch"] == 10
    assert cells["level"] == cells["trend"] == ""
    assert [r["term"] for r in like_for_like(History(records()))] == ["loss_margin", "loss_rank"]


def test_a_loss_with_negatives_of_the_batch_has_another_level():
    config = {"losses": [{"name": "p7/infonce", "options": {"in_batch": True}}, 3, {}]}
    history = planted(config=config)
    assert "batch" in row(history, "loss_rank")["level"]
    assert row(history, "loss_margin")["level"] == ""
    config["losses"][0]["options"]["in_batch"] = False
    assert row(planted(config=config), "loss_rank")["level"] == ""


def test_stages_and_curricula_change_what_is_measured():
    def staged(record):
        record["train"]["loss_share_target"] = 0.1 if record["epoch"] < 4 else 0.2
        record["train"]["loss_mse"] = record["val"]["loss_mse"] = 0.002

    assert "schedule" in row(planted(staged), "loss_margin")["trend"]
    assert row(planted(staged), "loss_mse")["trend"] == ""

    def selected(record):
        record["train"]["selected"] = 0.3 if record["epoch"] < 4 else 1.0

    assert "curriculum" in row(planted(selected), "loss_rank")["trend"]


def test_overfitting_is_a_rise_in_validation_under_a_fall_in_training():
    (finding,) = overfitting(planted(val(loss=lambda epoch: 3.0 + 0.08 * abs(epoch - 4))))
    assert (finding.name, finding.epoch, finding.severity) == ("overfitting", 4, "minor")
    assert "val.loss 3 (epoch 4) → 3.48 (epoch 10)" in finding.evidence


def test_a_rise_of_both_is_no_overfitting():
    def rise(record):
        for part in ("train", "val"):
            record[part]["loss"] = 3.0 + 0.08 * record["epoch"]

    assert list(overfitting(planted(rise))) == []


def test_a_term_that_begins_makes_the_loss_another_one():
    def begins(record):
        record["val"]["loss"] = 3.0 if record["epoch"] < 6 else 3.6
        if record["epoch"] >= 6:
            record["train"]["loss_guard"] = record["val"]["loss_guard"] = 0.6

    assert list(overfitting(planted(begins))) == []


def test_a_hinge_is_not_a_margin_and_a_negative_margin_no_finding():
    lines = notes(History(records()))
    assert any("margin[last] is -.070: negative is what a correct model" in n for n in lines)
    assert any(
        "train.loss_margin +.120 is the value of a hinge loss, not a margin; the margin on "
        "validation is -.070" in n
        for n in lines
    )


def test_notes_say_what_the_history_does_not_hold():
    assert notes(History([{"epoch": 1}])) == [
        "no epoch has val.cos_next: the predictions are not judged by the history"
    ]
    assert any("one epoch" in n for n in notes(History(records(1))))

    def stopped(record):
        record["train"]["skipped_steps"] = 2
        if record["epoch"] == 10:
            record["stopped"] = "p8/kill-rule: margin"

    lines = notes(planted(stopped, config={"options": {"epochs": 50}}))
    assert not any("unfinished" in note for note in lines)
    assert "20 steps were skipped because something was not finite" in lines
    assert "stopped after epoch 10: p8/kill-rule: margin" in lines


@pytest.mark.parametrize(
    ("planned", "words"), [(50, True), (11, True), (10, False), (None, False), ("many", False)]
)
def test_a_run_that_ended_before_its_plan_without_a_word_was_killed(planned, words, tmp_path):
    config = {"options": {"epochs": planned}}
    history = History(records(), config, tmp_path / "a run" / "training_history.json")
    lines = [note for note in notes(history) if "unfinished" in note]
    expected = f"10 of {planned} epochs: unfinished or killed; "
    expected += f"`lvmctl train --resume '{tmp_path}/a run'`"
    assert lines == ([expected] if words else [])


def test_values_that_cannot_be_are_named():
    lines = notes(planted(val(4, cos_next=lambda epoch: 9 if epoch == 4 else 0.5)))
    assert "val.cos_next cannot be 9 (epoch 4): such values are taken as missing" in lines
    assert not any("cannot be" in note for note in notes(History(records())))


def test_a_margin_that_names_no_chunk_is_read_as_the_last_chunks():
    lines = notes(planted(val(margin=-0.05)))
    assert "val.margin does not name a previous chunk: it is read as margin[last]" in lines
    assert any(note.startswith("margin[last] is -.050: negative") for note in lines)
    assert not any("does not name" in note for note in notes(History(records())))
