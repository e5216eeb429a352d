"""Which windows a run is held against: never those it was trained on, unless asked by name."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace

import numpy as np
import pytest
from edited import edited
from training.make import train
from training.small import TINY

from lvmctl.core.errors import DataError, OutputError
from lvmctl.data import Store, Windows, open_split, open_splits
from lvmctl.data.splits.assign_store import write_splits
from lvmctl.data.store.writer import write_store
from lvmctl.data.synthetic.worlds import World, write_world
from lvmctl.evaluation.eval_data import EvalRequest, of_run, of_store
from lvmctl.evaluation.held_out import own_splits
from lvmctl.evaluation.retrieval.global_ranks import global_ranks, global_ranks_by_score
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry


def world(path, seed=0, dim=8, articles=30):
    with write_store(path, dim) as writer:
        write_world(writer, World("topic", articles, 14, dim, seed=seed))
    return str(path)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A store without splits, a run trained on it, and a store of other articles."""
    place = tmp_path_factory.mktemp("subject")
    mine, other = world(place / "mine"), world(place / "other", seed=1)
    train(place / "run", data=mine, context=3)
    return place, mine, other


@pytest.fixture
def trained(place):
    return load_run(load_registry(), place[0] / "run")


def test_by_default_a_run_is_held_against_its_own_validation_split(place, trained):
    data = of_run(EvalRequest(), trained)
    assert data.val.split.name == "mine@val"
    assert data.ood is None
    assert data.train.split.name == "mine@train"
    assert data.val.context_length == 3
    assert data.min_article == TINY["min_article"]
    assert any("has no splits" in notice for notice in data.notices)


def test_the_store_it_was_trained_on_gives_its_held_out_articles(place, trained):
    own_data, named = of_run(EvalRequest(), trained), of_run(EvalRequest(data=place[1]), trained)
    assert named.val.split.source["articles_sha256"] == own_data.val.split.source["articles_sha256"]


def test_other_text_without_splits_is_used_whole(place, trained):
    data = of_run(EvalRequest(data=place[2]), trained)
    assert len(data.val.split.articles) == 30
    assert data.ood is None
    assert data.train.split.name == "mine@train"


def test_other_text_with_splits_gives_its_validation_articles(place, trained, tmp_path):
    path = shutil.copytree(place[2], tmp_path / "split")
    write_splits(Store.open(path), seed=0, val=0.2, test=0.1)
    assert len(of_run(EvalRequest(data=str(path)), trained).val.split.articles) == 6


@pytest.fixture
def edited_run(place, tmp_path):
    """``edited_run(change)``: a copy of the run, whose configuration ``change`` has changed."""

    def make(change):
        run = shutil.copytree(place[0] / "run", tmp_path / "run")
        config = json.loads((run / "config.json").read_text())
        change(config)
        edited(run / "config.json").write_text(json.dumps(config))
        return load_run(load_registry(), run)

    return make


def copied(store: str, path, articles: list[int]) -> str:
    """Articles of ``store`` as a store of its own, under other names."""
    split = open_split(store)
    with write_store(path, split.dim) as writer:
        for article in articles:
            low = split.starts[article]
            chunks = np.array(split.vectors[low : low + split.lengths[article]])
            writer.article({"id": f"copy {article}"}, chunks)
    return str(path)


def test_a_copy_of_training_articles_is_refused(place, trained, tmp_path):
    rows = open_split(place[1], "train").starts // 14
    copy = copied(place[1], tmp_path / "copy", rows[:2].tolist())
    with pytest.raises(DataError, match="2 of 2 articles were trained on"):
        of_run(EvalRequest(data=copy), trained)


def test_training_articles_are_used_when_named(place, trained):
    data = of_run(EvalRequest(data=f"{place[1]}@train"), trained)
    assert data.val.split.name == "mine@train"
    notices = " ".join(data.notices)
    assert "24 of 24 articles of mine@train are training articles" in notices


def test_a_split_of_the_run_s_own_that_is_named_is_not_refused(place, trained):
    data = of_run(EvalRequest(data=f"{place[1]}@test"), trained)
    assert data.val.split.name == "mine@test"
    assert "training articles" not in " ".join(data.notices)


def test_other_data_for_baselines_does_not_let_training_articles_in(place, trained, tmp_path):
    rows = open_split(place[1], "train").starts // 14
    copy = copied(place[1], tmp_path / "copy", rows[:2].tolist())
    for request in (EvalRequest(data=copy, train=(place[2],)), EvalRequest(ood=copy)):
        with pytest.raises(DataError, match="2 of 2 articles were trained on"):
            of_run(request, trained)


def test_other_text_for_ood_is_used_whole(place, trained):
    assert len(of_run(EvalRequest(ood=place[2]), trained).ood.split.articles) == 30


def test_a_run_that_has_lost_its_data_says_so_and_takes_other_data(place, edited_run):
    lost = edited_run(lambda config: config["data"].update(data="nowhere"))
    with pytest.raises(DataError, match="this is the store the run was trained on"):
        of_run(EvalRequest(data=place[1]), lost)
    with pytest.raises(DataError, match="the data of the run cannot be used") as error:
        of_run(EvalRequest(), lost)
    assert "--data" in error.value.hint
    data = of_run(EvalRequest(data=place[2]), lost)
    assert data.train is None
    assert any("nowhere" in notice for notice in data.notices)


def test_another_dimension_is_refused(place, trained, tmp_path):
    with pytest.raises(DataError, match="has dimension 4, the run was trained on 8"):
        of_run(EvalRequest(data=world(tmp_path / "narrow", dim=4)), trained)
    with pytest.raises(DataError, match="has dimension 4, the run was trained on 8"):
        of_run(EvalRequest(ood=world(tmp_path / "narrow2", dim=4)), trained)


def test_a_world_that_cannot_be_written_is_no_fault_of_the_data(monkeypatch):
    def full(*_):
        raise OutputError("cannot be written")

    monkeypatch.setattr("lvmctl.data.splits.sources.write_store", full)
    config = {"data": {"data": "synth:topic?articles=3&chunks=8&dim=4"}, "splits": {}}
    with pytest.raises(OutputError):
        own_splits(config)


def test_data_that_changed_is_not_taken_for_the_run_s_own(place, edited_run):
    run = edited_run(lambda config: config["data"].update(data=place[2]))
    with pytest.raises(DataError, match="content or splits have changed"):
        of_run(EvalRequest(), run)


def test_a_run_whose_last_tenth_was_called_ood_still_finds_its_data(edited_run):
    ood = {"split": "ood", "articles_sha256": "x"}
    run = edited_run(lambda config: config["splits"].update(ood=config["splits"]["train"] | ood))
    data = of_run(EvalRequest(), run)
    assert (data.val.split.name, data.ood) == ("mine@val", None)


def test_max_windows_takes_whole_articles(place, trained):
    data = of_run(EvalRequest(data=place[2], max_windows=20), trained)
    assert 20 <= len(data.val) < 20 + 11
    assert (np.bincount(data.val.article) == 11).all()


@pytest.mark.parametrize("transform", [None, "centred"])
def test_global_pools_keep_the_chunks_of_the_whole_split(place, transform):
    """All chunks of the split but the window, however few windows are looked at."""
    request = EvalRequest(data=place[1], train=(place[2],), transform=transform)
    whole = of_store(request, 3, 1).val
    part = of_store(replace(request, max_windows=20), 3, 1).val
    assert len(part.split.articles) < len(whole.split.articles)
    every = np.arange(len(part))
    same = np.flatnonzero(np.isin(whole.rows, part.rows))
    q = part.context(every)[:, -1]

    def score(context, pool):
        return context[:, -1] @ pool.vectors.T

    for ranks, wanted in (
        (global_ranks(part, every, q), global_ranks(whole, same, q)),
        (global_ranks_by_score(part, every, score), global_ranks_by_score(whole, same, score)),
    ):
        for actual, other in zip(ranks, wanted):
            assert np.array_equal(actual, other)
        assert (ranks[1] == whole.split.chunks - 3).all()


def test_a_store_alone_is_split_as_for_a_training(place):
    data, splits = of_store(EvalRequest(data=place[1]), 3, 1), open_splits(place[1])
    assert data.val.split.articles == splits.val.articles
    assert data.train.split.articles == splits.train.articles
    assert data.ood is None
    assert data.min_article == 20
    assert data.notices == splits.notices


def test_one_split_alone_fits_nothing(place):
    data = of_store(EvalRequest(data=f"{place[1]}@val"), 3, 1)
    assert len(data.val) == len(Windows(open_split(place[1], "val"), 3, 1))
    assert data.train is None


def test_training_data_for_baselines_may_be_named(place):
    data = of_store(EvalRequest(data=place[1], train=(place[2], place[1])), 3, 1)
    assert len(data.train.split.articles) == 60
    assert any("30 of 30 articles of mine are training articles" in line for line in data.notices)


def test_training_data_of_another_dimension_is_refused(place, tmp_path):
    request = EvalRequest(data=place[1], train=(world(tmp_path / "narrow", dim=4),))
    with pytest.raises(DataError, match="has dimension 4, the data to evaluate on has 8"):
        of_store(request, 3, 1)


def test_the_record_says_which_data_it_was(place, trained):
    record = of_run(EvalRequest(), trained).record()
    assert set(record) == {"val", "train"}
    assert record["val"]["content_hash"].startswith("sha256:")
    assert record["val"]["articles"] == 3
