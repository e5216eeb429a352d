"""``lvmctl eval`` as it is typed."""

from __future__ import annotations

import json

import pytest
from cli.typed import typing
from recorder import Recorder
from training.small import TINY

from lvmctl.core.errors import OutputError
from lvmctl.training import job

WORLD = "synth:topic?articles=60&chunks=16&dim=16"
OTHER = "synth:topic?articles=12&chunks=16&dim=16&seed=5"
FAR = "synth:ar1?articles=12&chunks=16&dim=16&seed=6"
OPTIONS = TINY | {"epochs": 1}


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """A directory with runs/five (K = 5) and runs/three (K = 3), trained on the same world."""
    place = tmp_path_factory.mktemp("eval")
    for name, options in {"five": {}, "three": {"context": 3}}.items():
        request = job.TrainRequest(
            "p8",
            [("test", OPTIONS | options)],
            sources={"data": WORLD, "ood": FAR},
            out=place / "runs" / name,
        )
        job.start(request, Recorder())
    return place


@pytest.fixture
def typed(runs, monkeypatch, capsys):
    """``typed(*words)`` runs ``lvmctl eval`` beside the runs: exit code, stdout, stderr."""
    return typing(runs, monkeypatch, capsys, "eval")


def close(a, b):
    return a == pytest.approx(b, abs=1e-9)


def test_baselines_need_no_model(typed):
    words = ["baselines", "--data", f"{OTHER}@train", "--min-article", 6, "--json"]
    code, out, err = typed(*words)
    record = json.loads(out)
    assert code == 0
    assert record["schema"] == "lvmctl.eval.baselines/1"
    assert (record["windows"], record["articles"]) == (10 * 11, 10)
    assert {"direct", "centroid", "random", "oracle", "span-oracle"} <= set(record["predictors"])
    assert {"ema", "wiener", "ridge", "direct-centred"} <= set(record["left_out"])
    assert "left out" in err
    assert "--train" in err
    direct = record["predictors"]["direct"]
    for tree, names in (
        (direct, ["cos_next"]),
        (direct["cos_prev"], ["last", "second_last", "unseen"]),
        (direct["margin"], ["last", "second_last", "unseen"]),
        *((direct["in_article"][p], ["r@1", "r@5", "r@10", "mrr", "mrr@10", "amri"])
          for p in ("filtered", "future", "unfiltered")),
        (direct["global"]["filtered"], ["r@1", "r@5", "r@10", "mrr", "mrr@10", "amri"]),
    ):  # fmt: skip
        for name in names:
            low, high = tree["ci"][name]
            assert low <= tree[name] <= high, name
    for pool in direct["in_article"].values():
        assert pool["windows"] == 110
        assert 0 < pool["chance_r@5"] <= 1
        assert pool["pool_mean"] > 1


def test_fitted_baselines_are_there_with_training_data(typed):
    words = ["baselines", "--data", OTHER, "--train", WORLD, "--min-article", 6, "--json"]
    record = json.loads(typed(*words)[1])
    raw = {"direct", "centroid", "ema", "wiener", "ridge"}
    assert raw | {f"{name}-centred" for name in raw} <= set(record["predictors"])
    assert record["left_out"] == []


def test_a_store_without_splits_is_split_once_as_train_does(typed):
    code, out, err = typed("baselines", "--data", OTHER, "--min-article", 6, "--json")
    record = json.loads(out)
    assert code == 0
    assert record["left_out"] == []
    assert (record["data"]["val"]["articles"], record["data"]["train"]["articles"]) == (1, 10)
    assert err.count("has no splits") == 1
    assert "--train" not in err


def test_baselines_of_other_windows(typed):
    words = ["baselines", "--data", OTHER, "--train", WORLD, "--context", 2, "--horizon", 3]
    words += ["--min-article", 6]
    record = json.loads(typed(*words, "--json")[1])
    assert (record["context"], record["horizon"], record["windows"]) == (2, 3, 12 * 12)
    code, out, _ = typed(*words)
    assert code == 0
    assert "144 windows of 12 articles" in out
    assert "chance" in out


def test_the_latest_run_is_evaluated_on_its_own_validation_split(typed):
    code, out, err = typed("retrieval", "runs/five")
    assert code == 0
    assert "runs/five (p8) on" in out
    assert "@val" in out
    for name in ("p8", "direct", "ridge-centred", "cone-oracle", "chance"):
        assert f"\n{name} " in out
    assert "baselines are fitted on" in err
    assert "articles of at least 6 chunks" in out


@pytest.mark.parametrize("pool", ["in-article", "future", "global", "unfiltered"])
def test_every_pool(typed, pool):
    code, out, _ = typed("retrieval", "five", "--pool", pool, "--json")
    record = json.loads(out)
    assert code == 0
    tree = record["predictors"]["p8"]
    present = {"global"} if pool == "global" else set(tree["in_article"])
    name = {"in-article": "filtered"}.get(pool, pool)
    assert present == {name}
    figures = tree["global"]["filtered"] if pool == "global" else tree["in_article"][name]
    assert 0 <= figures["r@5"] <= 1
    assert record["predictors"]["oracle"]["cos_next"] == pytest.approx(1, abs=1e-6)


def test_direction_names_every_previous_and_its_ceiling(typed):
    code, out, _ = typed("direction", "five")
    assert code == 0
    assert 'does not mean "backward"' in " ".join(out.split())
    record = json.loads(typed("direction", "five", "--json")[1])
    p8 = record["predictors"]["p8"]
    ceilings = {name: tree["margin"] for name, tree in record["ceilings"].items()}
    for previous in ("last", "second_last", "unseen"):
        cone, span, unit = (ceilings[f"{c}-margin-ceiling"][previous] for c in
                            ("cone", "span", "unit"))  # fmt: skip
        assert p8["margin"][previous] <= cone <= span <= unit
        if previous != "unseen":  # fewer windows than cos_next
            assert close(p8["margin"][previous], p8["cos_next"] - p8["cos_prev"][previous])


def test_five_tests_and_a_verdict(typed, runs):
    code, out, _ = typed("5cat", "runs/five", "--full")
    saved = json.loads((runs / "runs" / "five" / "5cat_results.json").read_text())
    assert code == (1 if saved["verdict"]["outcome"] == "FAIL" else 0)
    for test in ("A offsets", "B retrieval", "C ablations", "D rollout", "E stability"):
        assert test in out
    assert out.startswith(f"{saved['verdict']['outcome']} by profile fair: ")
    assert max(map(len, out.splitlines())) <= 80
    assert saved["format"] == "lvmctl.5cat/2"
    assert set(saved["predictors"]["p8"]["ablations"]) >= {
        "shuffled", "reversed", "leave_one_out", "padded", "replaced",
    }  # fmt: skip
    assert saved["window_offsets"] == [-5, -4, -3, -2, -1]
    assert len(saved["weights"]["all"]) == 5
    assert sum(saved["weights"]["all"]) == pytest.approx(1, abs=1e-5)
    assert saved["latency"]["batch_1"]["query"]["p50"] > 0
    low, high = saved["latency"]["ratio_ci"]
    assert 0 < low <= saved["latency"]["ratio"] <= high


PARTIAL = (
    (
        ["--data", OTHER, "--train", OTHER, "--min-article", 7, "--max-windows", 20],
        ["--data", "--train", "--max-windows", "--min-article"],
    ),
    # These runs have OOD text of their own.
    (["--ood", OTHER, "--ablation-windows", 10], ["--ood", "--ablation-windows"]),
)


def test_a_partial_evaluation_leaves_the_runs_own_result_alone(typed, runs):
    saved = runs / "runs" / "five" / "5cat_results.json"
    typed("5cat", "five", "--min-article", TINY["min_article"])  # the run's own
    before = saved.read_bytes()
    assert json.loads(before)["partial"] == []
    for words, named in PARTIAL:
        _, out, err = typed("5cat", "five", *words, "--json")
        assert saved.read_bytes() == before
        shown = json.loads(out)
        shown.pop("schema")
        assert shown == json.loads(saved.with_name("5cat_partial.json").read_text())
        assert shown["partial"] == named
        place = "saved as runs/five/5cat_partial.json"
        assert err.splitlines()[-1] == (
            f"{', '.join(named)}: not the run's own evaluation, {place}"
        )


def test_figures_are_shown_even_where_they_cannot_be_saved(typed, runs, monkeypatch):
    from lvmctl.core.run_directory import RunDirectory

    def full(run, path, value):
        raise OutputError("cannot be written (no space)", where=path)

    monkeypatch.setattr(RunDirectory, "write", full)
    code, out, err = typed("5cat", "three")
    assert code == 6
    assert " by profile fair: " in out
    assert "5cat_results.json: cannot be written" in err.splitlines()[-1]


def test_json_is_what_is_saved(typed, runs):
    code, out, _ = typed("5cat", "five", "--profile", "p8", "--json")
    shown = json.loads(out)
    saved = json.loads((runs / "runs" / "five" / "5cat_results.json").read_text())
    assert shown.pop("schema") == "lvmctl.eval.5cat/2"
    assert shown == saved
    gates = {gate["name"]: gate for gate in shown["verdict"]["gates"]}
    assert set(gates) == {"p8-margin", "p8-r5", "p8-mrr10", "p8-order"}
    # No mixture reaches +.20 here: no verdict on the model (docs/methods.md#ceilings).
    margin = gates["p8-margin"]
    assert (margin["status"] == "INFEASIBLE") == (margin["ceiling"]["value"] < 0.2)
    assert code == (1 if shown["verdict"]["outcome"] == "FAIL" else 0)


def test_the_seeds_judge_without_asking_what_can_be_passed(typed):
    code, out, _ = typed("5cat", "five", "--profile", "p8", "--published-rules", "--json")
    verdict = json.loads(out)["verdict"]
    assert {gate["status"] for gate in verdict["gates"]} <= {"PASS", "MARGINAL", "FAIL"}
    assert (code, verdict["outcome"]) == (1, "FAIL")


def test_runs_of_another_window_are_compared_on_the_targets_of_both(typed):
    code, out, _ = typed("compare", "runs/five", "three", "--json")
    record = json.loads(out)
    assert set(record["runs"]) == {"five", "three"}
    assert [run["context"] for run in record["runs"].values()] == [5, 3]
    alone = json.loads(typed("compare", "runs/five", "--json")[1])
    assert record["windows"] == alone["windows"]
    assert close(record["predictors"]["five"]["cos_next"], alone["predictors"]["five"]["cos_next"])
    for run in record["runs"].values():
        r5 = run["differences"]["in_article.filtered.r@5"]
        assert r5["ci"][0] <= r5["value"] <= r5["ci"][1]
        assert 0 < r5["p"] <= 1
    failed = all(run["ship"]["outcome"] == "FAIL" for run in record["runs"].values())
    assert code == (1 if failed else 0)
    five = record["predictors"]["five"]["in_article"]["filtered"]["r@5"]
    direct = record["predictors"]["direct"]["in_article"]["filtered"]["r@5"]
    assert close(
        record["runs"]["five"]["differences"]["in_article.filtered.r@5"]["value"], five - direct
    )


def test_a_comparison_reads_as_a_table(typed):
    code, out, _ = typed("compare", "five", "--against", "centroid")
    assert "five minus centroid (K = 5, horizon 1)" in out
    assert "latency, ms per batch of 256: query" in out
    assert "latency, times that of the free model of the same size: " in out
    assert "ship: " in out
    assert code in (0, 1)


@pytest.mark.parametrize(
    ("words", "code", "message"),
    [
        (["5cat", "nowhere"], 4, "nowhere: no such run"),
        (["5cat", "five", "--profile", "p88"], 2, "no profile 'p88'; did you mean 'p8'?"),
        (["5cat", "five", "--data", "gone"], 3, "gone"),
        (["retrieval", "five", "--pool", "all"], 2, "'all' is not one of"),
        (["retrieval", "five", "--max-windows", "0"], 2, "0 is not in the range"),
        (["compare", "five", "--against", "dirct"], 2, "did you mean 'direct'?"),
        (["compare", "five", "runs/five"], 2, "the run is named twice"),
        (
            ["baselines", "--data", OTHER, "--context", "20"],
            3,
            "the 21 chunks that a window of K = 20 and its target need",
        ),
        (["retrieval", "five", "--data", "synth:topic?dim=8"], 3, "has dimension 8"),
    ],
)
def test_what_is_wrong_is_reported_in_one_line(typed, words, code, message):
    exit_code, out, err = typed(*words)
    assert (exit_code, out) == (code, "")
    assert err.splitlines()[-1].startswith("error: ")
    assert message in err.splitlines()[-1]


def test_without_a_run_the_way_to_one_is_reported(typed, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    code, _, err = typed("5cat")
    assert code == 4
    assert "train one (lvmctl train --plugin plain)" in err


def test_runs_of_other_data_are_not_compared_silently(typed, tmp_path):
    request = job.TrainRequest(
        "p8", [("test", OPTIONS)], sources={"data": WORLD + "&seed=9"}, out=tmp_path / "new"
    )
    job.start(request, Recorder())
    code, _, err = typed("compare", "five", tmp_path / "new")
    assert code == 3
    assert "name one split for all with --data" in err
