"""Runs of K = 3, 5 and 8 in one table (docs/methods.md#one-pool), against slow loops."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from evaluation.cases import articles_of
from evaluation.reference import Window, context_of, dot, mean, rank, target_of
from recorder import Recorder
from training import make

from lvmctl.core.errors import DataError, UsageError
from lvmctl.data import open_splits
from lvmctl.evaluation import compare as module
from lvmctl.evaluation.compare import compare
from lvmctl.evaluation.compare_rendering import compare_lines
from lvmctl.evaluation.eval_data import EvalRequest
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry

WORLD = "synth:topic?articles=60&chunks=16&dim=12&seed=3"
KS = {"three": 3, "five": 5, "eight": 8}


def train(place, name, data=WORLD, **options):
    make.train(place / name, data=data, **{"min_article": 10} | options)
    return str(place / name)


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    """Paths of runs by name, of three context lengths."""
    place = tmp_path_factory.mktemp("compare")
    return {name: train(place, name, context=k) for name, k in KS.items()}


def compared(runs, against="direct", **request_options):
    request = EvalRequest(**request_options)
    return compare(load_registry(), list(runs), against, request, Recorder())


@pytest.fixture(scope="module")
def comparison(runs):
    return compared(runs.values()).to_dict()


@pytest.fixture(scope="module")
def articles():
    return articles_of(open_splits(WORLD).val)


def windows_of(articles, longest: int) -> list[Window]:
    """Those whose target has ``longest`` chunks before it: the targets that all have."""
    return [
        Window(number, target - longest, longest, target)
        for number, article in enumerate(articles)
        for target in range(longest, len(article))
    ]


def reference(articles, longest: int, predict) -> dict[str, float]:
    """Retrieval of ``predict``, shown the longest window, in pools that leave that out."""
    ranks, cosines, everywhere = [], [], []
    for window in windows_of(articles, longest):
        q = predict(context_of(articles, window))
        cosines.append(dot(q, target_of(articles, window)))
        ranks.append(rank(articles, window, q, "filtered"))
        everywhere.append(rank(articles, window, q, "global")[0])
    return {
        "r@1": mean([float(r <= 1) for r, _ in ranks]),
        "r@5": mean([float(r <= 5) for r, _ in ranks]),
        "mrr@10": mean([1 / r if r <= 10 else 0.0 for r, _ in ranks]),
        "pool_mean": mean([float(size) for _, size in ranks]),
        "global r@10": mean([float(r <= 10) for r in everywhere]),
        "cos_next": mean(cosines),
    }


def model_of(path: str, k: int):
    trained = load_run(load_registry(), path)

    def predict(context) -> list[float]:
        newest = torch.tensor([context[-k:]], dtype=torch.float32)
        return trained.predict(newest).q[0].tolist()

    return predict


def agree(tree, wanted) -> None:
    pool = tree["in_article"]["filtered"]
    for name in ("r@1", "r@5", "mrr@10", "pool_mean"):
        assert pool[name] == pytest.approx(wanted[name], abs=1e-6), name
    assert tree["global"]["filtered"]["r@10"] == pytest.approx(wanted["global r@10"], abs=1e-6)
    assert tree["cos_next"] == pytest.approx(wanted["cos_next"], abs=1e-5)


@pytest.mark.parametrize("name", KS)
def test_each_reads_its_own_chunks_and_all_share_a_pool(runs, comparison, articles, name):
    wanted = reference(articles, 8, model_of(runs[name], KS[name]))
    agree(comparison["predictors"][name], wanted)
    assert comparison["runs"][name]["context"] == KS[name]
    assert comparison["windows"] == len(windows_of(articles, 8))
    assert comparison["window"] == 8


def test_baselines_of_the_table_read_the_longest_window(comparison, articles):
    agree(comparison["predictors"]["direct"], reference(articles, 8, lambda context: context[-1]))

    def centroid(context) -> list[float]:
        total = [math.fsum(column) for column in zip(*context)]
        norm = math.sqrt(math.fsum(x * x for x in total))
        return [x / norm for x in total]

    agree(comparison["predictors"]["centroid"], reference(articles, 8, centroid))


def test_each_run_is_held_against_the_baseline_that_reads_as_much(runs, articles):
    result = compared(runs.values(), "centroid").to_dict()

    def centroid(k: int):
        def predict(context) -> list[float]:
            return np.mean(context[-k:], axis=0).tolist()

        return predict

    for name, k in KS.items():
        expected = reference(articles, 8, model_of(runs[name], k))
        other = reference(articles, 8, centroid(k))
        lead = result["runs"][name]["differences"]["in_article.filtered.r@5"]
        assert lead["value"] == pytest.approx(expected["r@5"] - other["r@5"], abs=1e-6)
        assert lead["ci"][0] <= lead["value"] <= lead["ci"][1]


def test_runs_are_held_against_one_of_them(runs, comparison):
    paths = list(runs.values())
    result = compared(paths, paths[0])  # the path is that of the row
    tree = result.to_dict()
    assert tree["against"] == "three"
    assert tree["runs"]["three"]["differences"] == {}
    rows = comparison["predictors"]
    for name in ("five", "eight"):
        lead = tree["runs"][name]["differences"]["cos_next"]
        assert lead["value"] == pytest.approx(rows[name]["cos_next"] - rows["three"]["cos_next"])
        assert lead["ci"][0] < lead["value"] < lead["ci"][1]
        assert 0 < lead["p"] <= 1
    text = result.table()
    assert "five minus three (K = 5, horizon 1)" in text
    assert "three minus" not in text
    assert "--against" not in text
    assert "with `--against three`, `lvmctl eval compare` holds the runs against each other" in (
        " ".join(compared(paths).table().split())
    )


def test_runs_that_no_data_suits_are_refused_at_once(runs, tmp_path):
    narrow = train(tmp_path, "narrow", data=WORLD.replace("dim=12", "dim=8"))
    for data in (None, WORLD):
        with pytest.raises(DataError, match=r"reads vectors of dimension 8, five of 12"):
            compared([runs["five"], narrow], data=data)


def test_a_notice_names_the_runs_that_it_is_about(runs, tmp_path):
    other = train(tmp_path, "other", data=WORLD.replace("seed=3", "seed=9"))
    reporter = Recorder()
    request = EvalRequest(data=f"{WORLD}@train")
    compare(load_registry(), [runs["five"], other], "direct", request, reporter)
    notices = [text for text in reporter.messages if "training articles" in text]
    assert len(notices) == 1
    assert notices[0].startswith("five: ")


def test_the_order_of_the_runs_changes_no_figure(runs, comparison):
    again = compared(reversed(runs.values())).to_dict()
    assert again["predictors"].keys() == comparison["predictors"].keys()
    for name, tree in comparison["predictors"].items():
        assert again["predictors"][name]["in_article"] == tree["in_article"]
    for name in KS:
        assert again["runs"][name]["differences"] == comparison["runs"][name]["differences"]


def test_alone_a_run_has_the_pool_of_its_own_window(runs, articles):
    result = compared([runs["three"]]).to_dict()
    assert result["window"] == 3
    agree(result["predictors"]["three"], reference(articles, 3, model_of(runs["three"], 3)))


def test_part_of_the_windows_is_the_same_part_for_all(runs, comparison):
    part = compared(runs.values(), max_windows=10).to_dict()
    assert part["windows"] < comparison["windows"]
    trees = [*part["predictors"].values(), comparison["predictors"]["direct"]]
    assert len({tree["global"]["filtered"]["pool_mean"] for tree in trees}) == 1


def test_the_longest_shortest_article_counts_for_all(runs, tmp_path):
    other = train(tmp_path, "other", min_article=16)
    result = compared([runs["five"], other]).to_dict()
    assert result["predictors"]["five"]["in_article"]["filtered"]["windows"] > 0
    short = train(tmp_path, "short", min_article=17)  # no article of this world is so long
    result = compared([runs["five"], short]).to_dict()
    assert result["predictors"]["five"]["in_article"]["filtered"]["windows"] == 0


def test_a_table_says_what_is_read(runs):
    text = compared([runs["three"], runs["five"]]).table()
    assert "outside the window (5 chunks)" in text
    assert "Each run reads its own newest K chunks" in text
    assert "each run reads" not in compared([runs["five"]]).table()


def test_a_gate_that_does_not_count_says_why(comparison):
    run = comparison["runs"]["five"]
    first, *others = run["ship"]["gates"]
    gate = first | {"status": "VACUOUS", "why": "random has .138"}
    run = run | {"ship": run["ship"] | {"gates": [gate, *others]}}
    text = "\n".join(compare_lines(comparison | {"runs": {"five": run}}))
    assert f"{gate['name']}: VACUOUS, random has .138" in text


def test_runs_of_other_horizons_answer_another_question(runs, tmp_path):
    other = train(tmp_path, "two", horizon=2)
    with pytest.raises(
        UsageError, match=r"two: predicts 2 chunks ahead, five 1: they cannot be compared"
    ):
        compared([runs["five"], other])


@pytest.mark.parametrize("name", ["dirct", "wiener-centered"])
def test_an_unknown_baseline_is_reported_before_anything_is_fitted(runs, monkeypatch, name):
    def fit(*args):
        raise AssertionError("fitted")

    monkeypatch.setattr(module, "fit", fit)
    with pytest.raises(UsageError, match=f"called '{name}'; did you mean"):
        compared([runs["five"]], name)


def test_baselines_are_measured_once_for_runs_that_read_as_much(runs, tmp_path, monkeypatch):
    again = train(tmp_path, "again", context=5, seed=1)
    fits = []
    fit = module.fit

    def counted(registry, data, reporter):
        fits.append(data.context)
        return fit(registry, data, reporter)

    monkeypatch.setattr(module, "fit", counted)
    compared([runs["five"], again, runs["three"]])
    assert fits == [5, 3]
