"""What is judged of a model with its own score is its ranking, and its q is no fault."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from diagnostics.histories import escaped, planted, records, val
from recorder import Recorder
from training.small import TINY

from lvmctl.data import Windows, open_splits
from lvmctl.diagnostics.records import RunOptions
from lvmctl.diagnostics.runs.history import History
from lvmctl.diagnostics.runs.ranking import ranking, ranking_findings
from lvmctl.diagnostics.runs.run import RunDiagnosis
from lvmctl.evaluation.predictors import Predictor
from lvmctl.training import job

WORLD = "synth:topic?articles=60&chunks=16&dim=16"


def diagnose(path):
    return RunDiagnosis(RunOptions(permutations=199))(Path(path), Recorder())


def names(diagnosis):
    return [finding["name"] for finding in diagnosis.figures["findings"]]


def bare(tmp_path, history):
    path = tmp_path / "training_history.json"
    path.write_text(json.dumps(list(history.records)))
    return path


def of_ranker(record):
    """Make it a record of a model whose figures of q stand apart."""
    record["val"] |= {"q": {"r@5": 0.1, "mrr@10": 0.05}}
    record["val"]["direct"] = record["val"]["direct"] | {"mrr@10": 0.1}


# ------------------------------------------------------------------ runs


@pytest.fixture
def trained(ranks, tmp_path):
    """A run that ranks as ``direct`` does, and whose q points away from the last chunk."""
    layers = [("test", TINY | {"epochs": 2})]
    request = job.TrainRequest("ranks", layers, sources={"data": WORLD}, out=tmp_path / "run")
    job.start(request, Recorder())
    return tmp_path / "run"


def test_the_q_of_a_ranker_is_no_fault(trained):
    diagnosis = diagnose(trained)
    assert diagnosis.verdict == "HEALTHY"
    assert "MRR@10" in diagnosis.sentence
    assert "cos_next" not in diagnosis.sentence
    rows = diagnosis.figures["ranking"]
    assert rows["run"] == pytest.approx(rows["direct"])
    assert rows["q"]["mrr@10"] < rows["chance"]["mrr@10"] < rows["run"]["mrr@10"]
    assert rows["lead"]["r@5"] == {"value": 0.0, "ci": [0.0, 0.0]}
    # Shown all the same.
    assert diagnosis.figures["predictions"]["run"]["cos_last"] == pytest.approx(-1, abs=1e-4)
    titles = [table.title for table in diagnosis.tables]
    assert "q of the best weights on validation windows" in titles
    assert "Ranks in the article, validation windows" in titles
    figure = diagnosis.plot()
    assert "MRR@10 by score" in figure.axes[0].get_legend_handles_labels()[1]


def test_a_run_written_before_q_stood_apart_is_judged_by_its_weights(trained):
    path = trained / "training_history.json"
    history = json.loads(path.read_text())
    for record in history:
        record["val"] |= record["val"].pop("q")  # its ranks were those of q
    path.write_text(json.dumps(history))
    diagnosis = diagnose(trained)
    assert (diagnosis.verdict, names(diagnosis)) == ("HEALTHY", [])
    assert diagnosis.figures["ranking"]["run"]["mrr@10"] > 0.2


# ------------------------------------------------------------------ scores


@pytest.fixture(scope="module")
def windows():
    return Windows(open_splits("synth:topic?articles=300&chunks=24&dim=16").val, 5, 1)


def findings(windows, score):
    last = Predictor("model", lambda context: context[:, -1], "run", score)
    record = ranking(windows, last, last(windows), 20, 0)
    return {finding.name: finding for finding in ranking_findings(record, 3)}


def test_a_score_that_says_nothing_is_at_chance(windows):
    rng = np.random.default_rng(0)

    def score(context, pool):
        return torch.from_numpy(rng.standard_normal(tuple(pool.candidates.shape)))

    names_of = findings(windows, score)
    assert list(names_of) == ["at-chance", "worse-than-direct"]
    assert (names_of["at-chance"].severity, names_of["at-chance"].epoch) == ("critical", 3)
    assert "by the model's score" in names_of["at-chance"].evidence
    assert "minus direct: R@5 -" in names_of["worse-than-direct"].evidence


def test_a_score_below_direct_is_worse(windows):
    def oldest(context, pool):
        return context[:, 0] @ pool.vectors.T

    assert list(findings(windows, oldest)) == ["worse-than-direct"]


def test_a_score_as_good_as_direct_has_no_finding(windows):
    assert findings(windows, lambda context, pool: context[:, -1] @ pool.vectors.T) == {}


def test_one_article_has_no_interval_and_no_finding(windows):
    single = Windows(windows.split.take(np.array([0])), 5, 1)
    assert findings(single, lambda context, pool: context[:, 0] @ pool.vectors.T) == {}


def test_without_long_articles_nothing_is_ranked(windows):
    last = Predictor("model", lambda c: c[:, -1], "run", lambda c, pool: c[:, -1] @ pool.vectors.T)
    record = ranking(windows, last, last(windows), 1000, 0)
    assert record == {}
    assert list(ranking_findings(record, 1)) == []


# ------------------------------------------------------------------ histories


def test_a_ranker_may_leave_the_target_with_its_q(tmp_path):
    history = escaped()
    for record in history.records:
        of_ranker(record)
    diagnosis = diagnose(bare(tmp_path, history))
    assert names(diagnosis) == []
    assert list(diagnosis.figures["change_points"]) in ([], ["mrr@10"])


def test_a_ranking_that_breaks_down_is_a_collapse(tmp_path):
    falls = val(**{"mrr@10": lambda epoch: 0.3 if epoch <= 5 else 0.15, "r@5": 0.4})
    diagnosis = diagnose(bare(tmp_path, planted(of_ranker, falls)))
    assert names(diagnosis)[0].startswith("collapse")
    assert "mrr@10 .300 → .150" in diagnosis.figures["findings"][0]["evidence"]
    assert diagnosis.figures["change_points"]["mrr@10"]["epoch"] == 6


def test_a_ranking_below_direct_is_worse_whatever_its_cosines(tmp_path):
    below = val(**{"mrr@10": 0.05, "r@5": 0.2, "cos_next": 0.9})
    diagnosis = diagnose(bare(tmp_path, planted(of_ranker, below)))
    assert "worse-than-direct" in names(diagnosis)
    assert "MRR@10 .050 and R@5 .200" in str(diagnosis.figures["findings"])
    above = val(**{"mrr@10": 0.2, "r@5": 0.4, "cos_next": 0.01})
    assert names(diagnose(bare(tmp_path, planted(of_ranker, above)))) == []


def test_records_without_figures_of_q_are_of_no_ranker():
    assert not History(records()).ranks_by_score
    assert History(records()).judged == "cos_next"
