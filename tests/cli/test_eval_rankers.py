"""A run with its own score in the tables and verdicts of ``lvmctl eval``."""

from __future__ import annotations

import json

import pytest
from api.conftest import trained
from cli.typed import typing
from training.small import TINY

WORLD = "synth:topic?articles=60&chunks=16&dim=16"


@pytest.fixture
def typed(ranks, tmp_path, monkeypatch, capsys):
    """``typed(*words)`` runs ``lvmctl eval`` beside runs/one, which ranks as ``direct`` does while
    its q points away from it: exit code, stdout, stderr."""
    trained(tmp_path / "runs" / "one", "ranks", TINY | {"epochs": 1}, WORLD)
    return typing(tmp_path, monkeypatch, capsys, "eval")


def test_every_rank_is_the_scores_and_those_of_q_stand_beside(typed):
    code, out, err = typed("5cat", "one", "--json")
    assert code in (0, 1), err
    record = json.loads(out)
    run, direct = (record["predictors"][name] for name in ("ranks", "direct"))
    # In this world both neighbours of a chunk are equally near to it, up to rounding: with the
    # window in the pool, ranks by a score would differ from those by exact cosines.
    for pool in ("filtered", "future"):
        for name in ("r@1", "r@5", "r@10", "mrr", "mrr@10", "amri"):
            value, other = run["in_article"][pool][name], direct["in_article"][pool][name]
            assert value == pytest.approx(other, abs=1e-9)
            assert run["q"]["in_article"][pool][name] <= other
            assert name in run["q"]["in_article"][pool]["ci"]
        assert run["q"]["in_article"][pool]["mrr"] < direct["in_article"][pool]["mrr"]
    assert run["global"]["filtered"]["mrr"] == pytest.approx(
        direct["global"]["filtered"]["mrr"], abs=5e-3
    )
    assert run["q"]["global"]["filtered"]["mrr"] < direct["global"]["filtered"]["mrr"]
    assert "q" not in direct
    gates = {gate["name"]: gate for gate in record["verdict"]["gates"]}
    shuffled, rollout = gates["fair-shuffled"], gates["fair-rollout"]
    assert shuffled["metric"] == "ablations.mrr@10.shuffled"
    change = {name: tree["ablations"]["mrr@10"]["shuffled"] for name, tree in
              record["predictors"].items() if name in ("ranks", "wiener", "direct")}  # fmt: skip
    assert change["ranks"] == pytest.approx(change["direct"], abs=5e-3)
    assert shuffled["value"] == pytest.approx(change["ranks"] - change["wiener"])
    assert shuffled["direct"] == pytest.approx(change["direct"])
    assert (rollout["status"], rollout["seed"]["status"]) == ("ABSENT", "FAIL")
    assert "answer is a vector" in rollout["why"]
    assert record["verdict"]["tests"]["D"] == "ABSENT"


def test_a_reader_is_told_whose_figures_they_are(typed):
    _, out, _ = typed("5cat", "one", "--full")
    assert "R@5 of q alone" in out
    assert "This model ranks by a score of its own" in out
    assert "C ablations, by MRR@10\n  shuffled" in out
    for words in (("retrieval", "one"), ("retrieval", "one", "--pool", "global"), ("compare",)):
        _, out, _ = typed(*words)
        names = [line.partition("  ")[0] for line in out.splitlines()]
        assert [name for name in names if name.endswith(", q alone")] == [
            "one, q alone" if words == ("compare",) else "ranks, q alone"
        ]


def test_a_model_without_a_score_is_shown_as_before(tmp_path, monkeypatch, capsys):
    trained(tmp_path / "runs" / "a", "p8", TINY | {"epochs": 1}, WORLD)
    _, out, _ = typing(tmp_path, monkeypatch, capsys)("eval", "5cat", "a")
    assert "q alone" not in out
    assert "by MRR@10" not in out
    saved = json.loads((tmp_path / "runs" / "a" / "5cat_results.json").read_text())
    assert "q" not in saved["predictors"]["p8"]
    assert "mrr@10" not in saved["predictors"]["wiener"]["ablations"]
