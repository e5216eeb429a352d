"""A run's diagnosis: planted faults are named, healthy runs are healthy, damage is one line."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
import torch
from diagnostics.histories import escaped, planted, published_p7, records
from edited import edited
from recorder import Recorder
from training.small import TINY

from lvmctl.core.errors import RunError
from lvmctl.core.formatting import WIDTH
from lvmctl.diagnostics.records import RunOptions
from lvmctl.diagnostics.runs.run import RunDiagnosis
from lvmctl.training import job

TURNS = "synth:rotation?articles=40&chunks=24&dim=16&theta=20"
"""A world with an order to learn, that a mixture of its last chunks predicts well."""


def diagnose(path, **options):
    return RunDiagnosis(RunOptions(permutations=199, **options))(Path(path), Recorder())


STAYS = "synth:topic?articles=30&chunks=12&dim=16&f=0.4&a=0.1"
"""A world in which the last chunk says little more than those before it."""


def train(out, recipe, epochs, data=TURNS, **options):
    layers = [("test", TINY | {"epochs": epochs, "lr": 1e-2, "windows": 400} | options)]
    job.start(job.TrainRequest(recipe, layers, sources={"data": data}, out=out), Recorder())
    return out


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Real, small runs of P1, P7 and P8."""
    root = tmp_path_factory.mktemp("runs")
    return {
        "p1": train(root / "p1", "p1", 6, TURNS.replace("theta=20", "theta=40"), windows=0),
        "p7": train(root / "p7", "p7", 2, learn_lambda=False, gate_threshold=2.0),
        "p8": train(root / "p8", "p8", 3),
        "stays": train(root / "stays", "p8", 1, STAYS),
    }


@pytest.fixture
def copied(runs, tmp_path):
    return lambda name: shutil.copytree(runs[name], tmp_path / name)


@pytest.fixture
def bare(tmp_path):
    def write(history):
        epochs = history if isinstance(history, list) else list(history.records)
        path = tmp_path / "training_history.json"
        path.write_text(json.dumps(epochs))
        return path

    return write


def names(diagnosis):
    return [finding["name"] for finding in diagnosis.figures["findings"]]


@pytest.mark.parametrize("name", ["p1", "p8"])
def test_a_healthy_run_has_no_finding(runs, name):
    diagnosis = diagnose(runs[name])
    assert (diagnosis.verdict, names(diagnosis), diagnosis.failed) == ("HEALTHY", [], False)
    assert "No fault was found" in diagnosis.sentence
    assert diagnosis.change == ""
    assert diagnosis.figures["not_examined"] == {}
    assert diagnosis.figures["predictions"]["windows"] > 0
    assert diagnosis.figures["gradients"]["pulls"]
    json.dumps(diagnosis.figures, allow_nan=False)
    titles = [table.title for table in diagnosis.tables if not table.detail]
    assert titles == ["Predictions of the best weights on validation windows"]
    assert max(map(len, diagnosis.table(full=True).splitlines())) <= WIDTH


def test_a_healthy_history_has_no_finding(bare):
    diagnosis = diagnose(bare(records()))
    assert (diagnosis.verdict, names(diagnosis)) == ("HEALTHY", [])
    assert "bare history" in diagnosis.figures["not_examined"]["predictions and gradients"]
    notes = " ".join(diagnosis.figures["notes"])
    assert "no finding (docs/methods.md#best-prediction)" in notes


def test_the_published_p7_is_called_by_its_cause(bare):
    diagnosis = diagnose(bare(published_p7()))
    assert diagnosis.verdict == "COLLAPSE AT SCHEDULE STEP"
    assert "cos_next .396 → .241, cos_anchor .588 → .391" in diagnosis.sentence
    assert "loss_teacher ends" in diagnosis.sentence
    assert names(diagnosis)[:2] == ["collapse-at-schedule-step", "orthogonal-escape"]
    step = diagnosis.figures["change_points"]["cos_next"]
    assert (step["epoch"], step["collapse"]) == (3, True)
    assert diagnosis.figures["anchor"]["rho"] < diagnosis.figures["anchor"]["cos_anchor"]
    assert diagnosis.failed is False


def test_an_escape_is_one_finding_with_its_change_point(bare):
    diagnosis = diagnose(bare(escaped()))
    assert diagnosis.verdict == "ORTHOGONAL ESCAPE"
    assert "collapse" not in names(diagnosis)
    assert len(diagnosis.figures["findings"][0]["also"]) == 1


def test_a_frozen_lambda_is_found_by_history_and_by_weights(copied):
    """The plan says that λ is learned; it was not in the optimiser."""
    path = copied("p7")
    config = json.loads((path / "config.json").read_text())
    for options in (config["options"]["sequence"], config["model"]["options"]):
        options["learn_lambda"] = True
    edited(path / "config.json").write_text(json.dumps(config))
    checkpoint = path / "checkpoints" / (path / "checkpoints" / "latest").read_text().strip()
    state = torch.load(checkpoint, weights_only=True)
    # λ comes first among the parameters of the model that was planned.
    moments = state["optimizer"]["state"]
    state["optimizer"]["state"] = {number + 1: moment for number, moment in moments.items()}
    state["optimizer"]["param_groups"][0]["params"].append(len(moments))
    torch.save(state, checkpoint)
    diagnosis = diagnose(path)
    frozen = next(f for f in diagnosis.figures["findings"] if f["name"] == "frozen-parameter")
    assert "anchor_lambda is 0.8 at each of 2 epochs" in frozen["evidence"]
    assert frozen["also"] == [
        "model.anchor_lambda: no second moment in the optimiser of the newest checkpoint"
    ]


def test_a_lambda_that_is_fixed_on_purpose_is_no_finding(runs):
    assert "frozen-parameter" not in names(diagnose(runs["p7"]))


def test_a_gate_that_no_window_passes_is_found_by_history_and_by_windows(runs):
    diagnosis = diagnose(runs["p7"])
    gate = next(f for f in diagnosis.figures["findings"] if f["name"] == "constant-gate")
    assert "gate_weight_mean is 0.25" in gate["evidence"]
    assert "training windows the weight 0.25" in gate["also"][0]


def test_a_gate_that_is_seen_to_weigh_is_not_constant(copied):
    path = copied("p7")
    config = json.loads((path / "config.json").read_text())
    config["sample"][0]["options"]["threshold"] = 0.0
    edited(path / "config.json").write_text(json.dumps(config))
    assert "constant-gate" not in names(diagnose(path))


def test_weights_that_copy_the_last_chunk_are_found(copied):
    path = copied("stays")
    weights = torch.load(path / "best_model.pt", weights_only=True)
    for value in weights["model"].values():
        if value.shape == (5,):  # the bias of the head that mixes: all on the last chunk
            value.copy_(torch.tensor([0.0, 0.0, 0.0, 0.0, 50.0]))
    torch.save(weights, edited(path / "best_model.pt"))
    diagnosis = diagnose(path)
    assert diagnosis.figures["predictions"]["run"]["cos_last"] == pytest.approx(1, abs=1e-4)
    assert "copying" in names(diagnosis)
    assert diagnosis.verdict in ("COPYING", "AT CHANCE")


def test_weights_that_answer_every_window_alike_are_found(copied):
    path = copied("p1")
    weights = torch.load(path / "best_model.pt", weights_only=True)
    for name, value in weights["model"].items():
        if "head" in name and value.dim() == 2:
            value.zero_()
        elif "head" in name:
            value.fill_(1.0)
    torch.save(weights, edited(path / "best_model.pt"))
    diagnosis = diagnose(path)
    assert diagnosis.verdict == "CONSTANT PREDICTION"
    assert diagnosis.figures["predictions"]["run"]["variance"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("gone", ["best_model.pt", "config.json", "checkpoints"])
def test_what_is_missing_is_reported_and_the_rest_diagnosed(copied, gone):
    path = copied("p1")
    shutil.rmtree(path / gone) if gone == "checkpoints" else (path / gone).unlink()
    reporter = Recorder()
    diagnosis = RunDiagnosis(RunOptions())(path, reporter)
    assert diagnosis.verdict == "HEALTHY"
    assert bool(diagnosis.figures["not_examined"]) == (gone != "checkpoints")
    assert any("not examined" in line for line in reporter.messages) == (gone != "checkpoints")


def test_damaged_weights_are_named_and_the_history_diagnosed(copied):
    path = copied("p1")
    edited(path / "best_model.pt").write_bytes(b"PK")
    diagnosis = diagnose(path)
    assert "best_model.pt" in diagnosis.figures["not_examined"]["predictions and gradients"]


def test_data_that_is_gone_is_named(copied):
    path = copied("p1")
    config = json.loads((path / "config.json").read_text())
    config["data"]["data"] = "/nowhere/store"
    edited(path / "config.json").write_text(json.dumps(config))
    diagnosis = diagnose(path)
    assert diagnosis.verdict == "HEALTHY"
    assert "the data of the run cannot be used" in str(diagnosis.figures["not_examined"])


def test_a_damaged_history_is_one_line(copied):
    path = copied("p1")
    edited(path / "training_history.json").write_text("[")
    for subject in (path, path / "training_history.json"):
        with pytest.raises(RunError) as caught:
            diagnose(subject)
        assert "\n" not in str(caught.value)
        assert "training_history.json" in str(caught.value)


def test_one_epoch_and_no_validation_are_answers(bare):
    assert diagnose(bare(records(1))).figures["epochs"] == 1
    diagnosis = diagnose(bare(planted(lambda record: record.pop("val"))))
    assert diagnosis.verdict == "UNDECIDED"
    assert diagnosis.plot is None
    assert diagnose(bare([{"epoch": 1}])).verdict == "UNDECIDED"


def test_a_bare_history_without_anything_to_compare_with_is_not_called_healthy(bare):
    diagnosis = diagnose(bare([{"epoch": 1, "val": {"cos_next": 0.5}}]))
    assert (diagnosis.verdict, names(diagnosis)) == ("UNDECIDED", [])
    assert "neither direct nor a rank" in diagnosis.sentence


def test_predictions_that_were_looked_at_are_enough_to_compare_with(copied):
    path = copied("p1")
    plain = [{"epoch": 1, "val": {"cos_next": 0.5}}]
    edited(path / "training_history.json").write_text(json.dumps(plain))
    assert diagnose(path).verdict == "HEALTHY"


@pytest.mark.parametrize(
    "val",
    [
        {"cos_next": 0.5, "r@5": 0.5, "chance_r@5": 1.5, "windows": 100},
        {"cos_next": 0.5, "cos_anchor": 0.0, "raw_anchor_cosine": -1, "anchor_lambda": 0.5},
        {"cos_next": 0.5, "cos_anchor": 3, "raw_anchor_cosine": 9, "anchor_lambda": 7},
        {"cos_next": 0.5, "r@5": 0.5, "chance_r@5": -3, "windows": -100},
    ],
)
def test_odd_figures_are_an_answer(bare, val):
    assert diagnose(bare([{"epoch": epoch, "val": val} for epoch in (1, 2)])).verdict


def test_huge_figures_are_an_answer(bare):
    diagnosis = diagnose(
        bare([{"epoch": e, "val": {"cos_next": v}} for e, v in enumerate((1e308, -1e308, 5), 1)])
    )
    assert diagnosis.verdict == "UNDECIDED"
    assert "val.cos_next 5 (epoch 3)" in diagnosis.sentence


def test_the_tables_cite_every_line_of_evidence(bare):
    diagnosis = diagnose(bare(published_p7()))
    cells = [cell for table in diagnosis.tables for row in table.rows for cell in row]
    for finding in diagnosis.figures["findings"]:
        for text in (finding["evidence"], *finding["also"], finding["remedy"], finding["source"]):
            assert text in cells


def test_the_plot_shows_curves_change_points_and_events(bare):
    figure = diagnose(bare(published_p7())).plot()
    (axes,) = figure.axes
    labels = axes.get_legend_handles_labels()[1]
    assert {"cos_next", "cos_anchor", "margin[last]", "cos_next breaks down"} <= set(labels)
    assert [text.get_text() for text in axes.texts] == ["loss_teacher ends"]


def test_the_same_seed_gives_the_same_figures(runs):
    assert diagnose(runs["stays"], seed=3).figures == diagnose(runs["stays"], seed=3).figures
