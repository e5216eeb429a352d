"""P10 trained on a store with texts and on one without, and put to use."""

from __future__ import annotations

import pytest

import lvmctl
from lvmctl.core.errors import DataError, UsageError
from lvmctl.testing.text_store import text_store

WORLD = "synth:topic?articles=24&chunks=12&dim=8"
OPTIONS = {"context": 3, "epochs": 1, "min_article": 6, "negatives": 11, "hidden": 4}


class Kept(lvmctl.Reporter):
    """Keeps what it is told and what it is warned of."""

    def __init__(self) -> None:
        self.told, self.warnings = [], []

    def info(self, message: str) -> None:
        self.told.append(message)

    def warning(self, message: str) -> None:
        self.warnings.append(message)


@pytest.fixture(scope="module")
def told():
    """What was said while :func:`run` was trained."""
    return Kept()


@pytest.fixture(scope="module")
def run(tmp_path_factory, told):
    """P10 trained on made-up texts."""
    place = tmp_path_factory.mktemp("p10")
    store = text_store(place / "s", articles=24, chunks=12).path
    return lvmctl.train("p10", data=store, out=place / "run", options=OPTIONS, reporter=told)


def test_who_trains_without_the_encoder_is_told_that_it_exists(run, told):
    assert [line for line in told.told if "--set continuation=true" in line]
    assert told.warnings == []


def test_a_store_without_texts_trains_p9s_part(tmp_path):
    reporter = Kept()
    run = lvmctl.train("p10", data=WORLD, out=tmp_path / "r", options=OPTIONS, reporter=reporter)
    (warning,) = reporter.warnings
    assert not [line for line in reporter.told if "continuation" in line]
    assert "no texts" in warning
    assert "p10 is trained with read=false" in warning
    assert run.config["reads"] == []
    assert run.config["model"]["name"] == "ranker/pool-ranker"
    assert run.config["options"]["read"] is False


def test_who_asks_for_texts_is_told_that_there_are_none(tmp_path):
    with pytest.raises(DataError, match="no texts"):
        lvmctl.train("p10", data=WORLD, out=tmp_path / "r", options={**OPTIONS, "read": True})
    assert not (tmp_path / "r").exists()


def test_texts_are_ranked(run):
    assert run.config["reads"] == ["text"]
    model = lvmctl.load(run.path)
    before = ["Ba ko li ru.", "Ko li ru te.", "Li ru te bad."]
    found = model.rank_texts(before, ["Ru te bad bag.", "— 3 …", "白鲸浮上来了。"])
    assert sorted(found.indices.tolist()) == [0, 1, 2]


def test_vectors_alone_are_refused(run):
    model = lvmctl.load(run.path)
    with pytest.raises(UsageError, match="text"):
        model.rank([[1.0] + [0.0] * 7] * 3, [[1.0] + [0.0] * 7] * 4)


def test_lists_of_runs_say_what_it_reads(run):
    (listed,) = (each for each in lvmctl.list_runs(run.path.parent) if each.path == run.path)
    assert listed.reads == ("text",)
    assert listed.to_dict()["reads"] == ["text"]
