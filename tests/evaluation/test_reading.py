"""Models that read sentences or texts are given those of the right chunks wherever they rank,
beside a slow reference that reads the store's files."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from reading import Reference
from recorder import Recorder
from training import make

import lvmctl
from lvmctl.core.errors import DataError, UsageError
from lvmctl.data import Windows, open_split
from lvmctl.evaluation.compare import compare
from lvmctl.evaluation.eval_data import EvalRequest
from lvmctl.evaluation.fivecat.ablations import foreign_rows, shuffled_orders
from lvmctl.evaluation.fivecat.run import run_fivecat
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry

pytestmark = pytest.mark.usefixtures("few_calls")

OPTIONS = {"context": 3}
NAMES = ("words", "edges")


@pytest.fixture(scope="module")
def runs(tmp_path_factory):
    return tmp_path_factory.mktemp("runs")


@pytest.fixture
def trained(reading, store, runs):
    """``trained("words", context=2)``: a run, trained by the first test that asks for it."""

    def train(name, **more):
        options = OPTIONS | more
        out = runs / f"{name}-{options['context']}"
        if out.exists():
            return out
        make.train(out, name, store, **options)
        return out

    return train


@pytest.fixture
def windows(store):
    return Windows(open_split(str(store), "val"), 3, 1)


def ranks(reference, name, windows, pool, shown=lambda index, rows: [rows]):
    """Ranks of all targets in their ``pool``, of each window ``shown`` in some ways: (W, n)."""
    split, each = windows.split, []
    for index, first in enumerate(windows.rows.tolist()):
        rows = list(range(first, first + windows.context_length))
        start = int(split.starts[windows.article[index]])
        length = int(split.lengths[windows.article[index]])
        every = split.rows().tolist() if pool == "global" else range(start, start + length)
        among = [row for row in every if row not in rows]
        target = first + windows.target_offset
        each.append([reference.rank(name, seen, target, among) for seen in shown(index, rows)])
    return np.array(each)


def mrr10(each):
    return np.where(each <= 10, 1 / each, 0)


@pytest.mark.parametrize("name", NAMES)
def test_training_and_its_history(trained, windows, store, name):
    run, reference = load_run(load_registry(), trained(name)), Reference(store)
    builder = run.objective.batches(windows, seed=3)
    batch = builder.batch(np.arange(6), 1, 0)
    step = lvmctl.Step(1, 0, 1, 1)
    with torch.no_grad():
        scores = run.objective.predict(run.model, batch, step).scores / run.model.size.exp()
    window, listed = (each.rows.numpy() for each in batch.ranked)
    assert np.allclose(windows.chunks(window), batch.context, atol=1e-6)
    vectors = torch.cat([batch.target[:, None], batch.negatives], 1)
    assert np.allclose(windows.chunks(listed), vectors, atol=1e-6)
    for row, column in np.argwhere(np.ones(listed.shape)):
        wanted = reference.score(name, window[row].tolist(), listed[row, column])
        assert float(scores[row, column]) == pytest.approx(wanted, rel=1e-4, abs=1e-4)
    val = json.loads(run.run.history.read_text())[-1]["val"]
    every = ranks(reference, name, windows, "article")
    assert val["mrr@10"] == pytest.approx(mrr10(every).mean())
    assert val["r@5"] == pytest.approx((every <= 5).mean())


@pytest.mark.parametrize("name", NAMES)
def test_five_tests_of_a_run(trained, windows, store, name):
    reference = Reference(store)
    done = run_fivecat(load_registry(), str(trained(name)), EvalRequest(), Recorder())
    result = done.to_dict()
    tree = result["predictors"][name]
    intact = ranks(reference, name, windows, "article")
    assert tree["in_article"]["filtered"]["mrr@10"] == pytest.approx(mrr10(intact).mean())
    everywhere = ranks(reference, name, windows, "global")
    assert tree["global"]["filtered"]["mrr@10"] == pytest.approx(mrr10(everywhere).mean())
    orders, foreign = shuffled_orders(windows, 0), foreign_rows(windows, 0)
    ways = {
        "shuffled": lambda index, rows: [[rows[place] for place in orders[index]]],
        "reversed": lambda index, rows: [rows[::-1]],
        "padded": lambda index, rows: [[rows[-1]] * 3],
        "leave_one_out": lambda index, rows: [
            [rows[1], rows[1], rows[2]],
            [rows[0], rows[0], rows[2]],
            [rows[0], rows[0], rows[1]],
        ],
        "replaced": lambda index, rows: [[*rows[:-1], int(foreign[index])]],
    }
    for way, shown in ways.items():
        changed = mrr10(ranks(reference, name, windows, "article", shown)).mean(axis=1)
        expected = (changed - mrr10(intact)[:, 0]).mean()
        assert tree["ablations"]["mrr@10"][way] == pytest.approx(expected, abs=1e-9), way
    for kind in result["examples"].values():
        for shown in kind["shown"]:
            last = shown["last"]
            article = windows.article[windows.rows == last - 2][0]
            start = int(windows.split.starts[article])
            pool = [row for row in range(start, start + 10) if not last - 2 <= row <= last]
            scores = {row: reference.score(name, [last - 2, last - 1, last], row) for row in pool}
            assert scores[shown["first"]] == pytest.approx(max(scores.values()))
    reads = {"words": "text", "edges": "sentence"}[name]
    assert result["reads"] == tree["reads"] == [reads]
    assert f"{name} (reads" in done.table()  # headers fold
    assert f"{reads})" in done.table()
    assert f"inputs: chunk vectors, {reads} (of the window and of every candidate)" in done.table()


@pytest.mark.parametrize("name", ["edges"])
def test_runs_of_other_windows_are_compared(trained, store, name):
    runs = [str(trained(name)), str(trained(name, context=2))]
    done = compare(load_registry(), runs, "direct", EvalRequest(), Recorder())
    reference, windows = Reference(store), Windows(open_split(str(store), "val"), 3, 1)
    for run, context in zip(done.to_dict()["predictors"].items(), (3, 2)):
        label, tree = run
        expected = ranks(
            reference, name, windows, "article", lambda _, rows, k=context: [rows[-k:]]
        )
        value = tree["in_article"]["filtered"]["mrr@10"]
        assert value == pytest.approx(mrr10(expected).mean()), label
    assert done.table().count("inputs: chunk vectors, ") == (2 if done.runs[0].ship else 0)


@pytest.mark.parametrize("name", NAMES)
def test_a_diagnosis_and_predictions(trained, windows, store, name, tmp_path):
    run, reference = trained(name), Reference(store)
    diagnosis = lvmctl.diagnose("run", run)
    every = ranks(reference, name, windows, "article")
    assert diagnosis.figures["ranking"]["run"]["mrr@10"] == pytest.approx(mrr10(every).mean())
    opened = lvmctl.open_store(f"{store}@val")
    for pool in ("article", "global"):
        predicted = list(lvmctl.predict(run, store=opened, pool=pool))
        expected = ranks(reference, name, windows, pool)[:, 0]
        assert [one.next["rank"] for one in predicted] == expected.tolist()
    model = lvmctl.load(run)
    assert model.reads == load_run(load_registry(), run).plan.model.entry.record.reads
    rows = windows.inside(np.array([0]))
    context, candidates = windows.chunks(rows), windows.chunks(windows.split.rows())
    with pytest.raises(UsageError, match=r"the model reads .* of chunks, which vectors"):
        model.rank(context, candidates)
    with pytest.raises(DataError, match="chunks of candidates"):
        model.rank(context, candidates[1:], read=(windows.at(rows), windows.at(rows[0])))
    more = (windows.at(rows[:, 1:]), windows.at(windows.split.rows()))
    ranking = model.rank(context, candidates, None, read=more)
    seen = [int(rows[0, 1]), *rows[0, 1:].tolist()]
    scores = [reference.score(name, seen, row) for row in windows.split.rows()[ranking.indices[0]]]
    assert scores == pytest.approx(sorted(scores, reverse=True), abs=1e-5)


def test_texts_that_are_of_no_store(trained, store):
    model, reference = lvmctl.load(trained("words")), Reference(store)
    before, candidates = reference.texts[:3], reference.texts[20:30]
    ranking = model.rank_texts(before, candidates, top=None)
    scores = [reference.words([0, 1, 2], 20 + number) for number in ranking.indices]
    assert scores == sorted(scores, reverse=True)
    (one,) = lvmctl.predict(model, before, candidates=candidates, top=10)
    assert [c.id for c in one.candidates] == [str(number) for number in ranking.indices]
    with pytest.raises(UsageError, match="reads text"):
        list(lvmctl.predict(model, np.eye(8)[:3], candidates=np.eye(8)))


def test_texts_alone_have_no_sentences(trained, store):
    model, texts = lvmctl.load(trained("edges")), Reference(store).texts
    with pytest.raises(DataError, match="no level 'sentence'"):
        model.rank_texts(texts[:3], texts[3:6])


@pytest.mark.parametrize(("name", "what"), [("words", "has no texts"), ("edges", "no level")])
def test_a_store_without_what_is_read_is_refused(trained, tmp_path, name, what):
    bare = str(lvmctl.synth("topic", tmp_path / "bare", articles=24, chunks=10, dim=8).path)
    out = tmp_path / "refused"
    with pytest.raises(DataError, match=what):
        make.train(out, name, bare, **OPTIONS)
    assert not out.exists()
    with pytest.raises(DataError, match=what):
        run_fivecat(load_registry(), str(trained(name)), EvalRequest(data=bare), Recorder())
