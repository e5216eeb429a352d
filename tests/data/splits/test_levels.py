"""Levels of sources by name."""

from __future__ import annotations

import pytest

import lvmctl
from lvmctl.core.errors import DataError
from lvmctl.data.splits.levels import at_level, at_level_of, at_levels, level_names, level_of


@pytest.fixture
def books(tmp_path, monkeypatch):
    """A store ``books`` with levels ``sentence`` and ``tokens``, in the working directory."""
    monkeypatch.chdir(tmp_path)
    for path in ("books", "books/levels/sentence", "books/levels/tokens"):
        lvmctl.synth("iid", path, articles=3, chunks=4, dim=4)
    return tmp_path / "books"


def test_a_source_at_a_level_is_the_store_of_that_level(books):
    assert level_names("books") == level_names("books/levels/tokens@val")
    assert level_names(str(books)) == ["chunk", "sentence", "tokens"]
    assert at_level("books@val", "sentence") == "books/levels/sentence@val"
    assert at_level(f"{books}/levels/sentence", "tokens") == f"{books}/levels/tokens"
    assert at_level("books/levels/sentence@val", "chunk") == "books@val"
    assert at_level("books/levels/sentence", None) == "books/levels/sentence"
    assert at_level("synth:iid", "chunk") == "synth:iid"
    assert at_level(None, "chunk") is None
    assert at_level("gone", "sentence") == "gone"  # refused where it is opened


@pytest.mark.parametrize(
    ("source", "level", "says"),
    [
        ("books@val", "word", "books@val: has no level 'word', only chunk, sentence, tokens"),
        ("books", "sentense", "did you mean 'sentence'"),
        ("synth:iid", "sentence", "only chunk; add it with lvmctl data level"),
        (None, "sentence", "the demonstration data: has no level 'sentence'"),
    ],
)
def test_a_level_that_is_not_there_is_refused_with_those_that_are(books, source, level, says):
    with pytest.raises(DataError, match="has no level") as refused:
        at_level(source, level)
    assert says in str(refused.value)


def test_all_sources_of_a_training_are_of_the_level(books):
    sources = {"data": None, "train": ["books", "synth:iid"], "val": "books@val", "ood": None}
    assert at_levels(sources, "chunk") == sources
    named = sources | {"train": ["books"]}
    leveled = at_levels(named, "sentence")
    assert leveled["train"] == ["books/levels/sentence"]
    assert leveled["val"] == "books/levels/sentence@val"
    assert (level_of(named), level_of(leveled), level_of({})) == ("chunk", "sentence", "chunk")
    with pytest.raises(DataError, match="the demonstration data"):
        at_levels(dict.fromkeys(sources), "sentence")


def test_other_data_is_taken_at_the_level_of_a_run_unless_it_is_a_level_by_name(books):
    run = {"data": "books/levels/sentence", "train": []}
    assert at_level_of(run, {"data": "books@val"}) == {"data": "books/levels/sentence@val"}
    for same in ({"data": "books/levels/tokens"}, {"data": None, "train": []}):
        assert at_level_of(run, same) == same
    assert at_level_of({"data": "books"}, {"data": "books"}) == {"data": "books"}


def test_a_store_is_opened_at_a_level(books):
    assert lvmctl.open_store("books", level="tokens").name == "books/tokens"
    assert lvmctl.open_store("books/levels/tokens", level="chunk").name == "books"
    with pytest.raises(DataError, match="has no level"):
        lvmctl.open_store(books, level="page")
