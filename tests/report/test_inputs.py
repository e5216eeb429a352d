from __future__ import annotations

import os

import pytest
from report.saved import fivecat, write_run

from lvmctl.core.errors import RunError
from lvmctl.core.run_directory import RunDirectory
from lvmctl.report.inputs import read, readable, stale


@pytest.fixture
def run(tmp_path) -> RunDirectory:
    return RunDirectory.open(write_run(tmp_path / "run"))


def test_the_files_of_a_run_are_read(make_inputs):
    inputs = make_inputs()
    assert inputs.name == "run"
    assert inputs.metrics["kind"] == "run"
    assert inputs.predictor("direct")["cos_next"] == pytest.approx(0.37)
    assert inputs.predictor("ema") == {}
    assert len(inputs.history) == 5
    assert inputs.config["recipe"] == "p8"
    assert inputs.manifest["seed"] == 0


def test_history_and_manifest_may_be_missing(make_inputs):
    inputs = make_inputs(history=None, manifest=None)
    assert (inputs.history, inputs.manifest) == ([], {})


@pytest.mark.parametrize(
    ("geometry", "oracle", "bound"),
    [
        ("cone", "cone-oracle", "cone-margin-ceiling"),
        ("span", "span-oracle", "span-margin-ceiling"),
        ("unit", "oracle", "unit-margin-ceiling"),
        ("anchored", "oracle", "unit-margin-ceiling"),
    ],
)
def test_ceilings_are_those_of_the_class(make_inputs, geometry, oracle, bound):
    inputs = make_inputs(fivecat() | {"geometry": geometry, "ceilings": {bound: {"margin": 1}}})
    assert inputs.oracle == oracle
    assert inputs.bounds == {"margin": 1}


def test_a_class_without_ceilings_has_none(make_inputs):
    assert make_inputs(fivecat() | {"ceilings": {}}).bounds == {}


def test_a_result_is_stale_when_the_weights_are_others(run):
    assert stale(run) is None  # copied without its weights
    run.best_model.touch()
    os.utime(run.fivecat, (1, 1))
    assert stale(run) is None  # copied in another order
    run.best_model.write_bytes(b"others")
    assert stale(run) == "5cat_results.json is of other weights than best_model.pt has"


def test_a_missing_result_has_to_be_made_and_can_be_only_with_weights(run):
    run.fivecat.unlink()
    with pytest.raises(RunError, match=r"neither 5cat_results.json nor best_model.pt.*--resume"):
        stale(run)
    run.best_model.touch()
    assert stale(run) == "there is no 5cat_results.json yet"


@pytest.mark.parametrize(
    ("file", "text", "message"),
    [
        ("fivecat", "{", r"5cat_results.json: is not JSON .*lvmctl eval 5cat"),
        ("fivecat", "[]", r"5cat_results.json: is damaged: it is a list.*lvmctl eval 5cat"),
        (
            "fivecat",
            "{}",
            r"5cat_results.json: is damaged \('format' is missing\).*lvmctl eval 5cat",
        ),
        ("fivecat", '{"format": "x/9"}', r"its format is 'x/9', not 'lvmctl.5cat/2'"),
        ("history", "{}", r"training_history.json: is damaged: it is an object, not a list"),
        ("manifest", "3", r"manifest.json: is damaged: it is a whole number, not an object"),
        (
            "manifest",
            '{"splits": []}',
            r"manifest.json: is damaged: splits is a list, not an object",
        ),
        ("config", '{"options": 1}', r"config.json: is damaged: options is a whole number"),
        ("config", '{"origins": 1}', r"config.json: is damaged: origins is a whole number"),
    ],
)
def test_a_damaged_file_is_named(run, file, text, message):
    getattr(run, file).write_text(text)
    with pytest.raises(RunError, match=message):
        read(run, "run1")


def test_damage_that_lies_deeper_names_its_file(run):
    with (
        pytest.raises(RunError, match=r"training_history.json: is damaged .*or train again"),
        readable(run.history, run),
    ):
        {}["epoch"]
