"""A store without what its splits share."""

from __future__ import annotations

import json

import numpy as np
import pytest

import lvmctl
from lvmctl.cli.main import run
from lvmctl.core.errors import DataError, UsageError

ROWS = np.random.default_rng(0).standard_normal((40, 16)).astype("float32")
ROWS /= np.linalg.norm(ROWS, axis=1, keepdims=True)
SPLITS = ("train", "train", "val", "test")


@pytest.fixture
def store(tmp_path):
    """Four articles of ten chunks: one chunk of training is in val, two of val are in test."""
    rows = ROWS.copy()
    rows[4] = rows[23]
    rows[28:30] = rows[30:32]
    with lvmctl.write_store(tmp_path / "s", 16) as writer:
        for number, split in enumerate(SPLITS):
            low = 10 * number
            texts = [str(row) for row in range(low, low + 10)]
            entry = {"id": f"a{number}", "split": split}
            writer.article(entry, rows[low : low + 10], texts)
    return lvmctl.open_store(tmp_path / "s")


def test_articles_are_cut_and_leakage_is_gone(store, tmp_path):
    assert lvmctl.diagnose("leakage", store).verdict == "LEAKS"
    clean = store.dedup(tmp_path / "clean")
    assert lvmctl.diagnose("leakage", clean).verdict == "CLEAN"
    assert clean.lengths.tolist() == [4, 5, 10, 8, 10]
    assert [entry.get("first") for entry in clean.articles] == [None, 5, None, None, None]
    assert [entry["id"] for entry in clean.articles] == ["a0", "a0", "a1", "a2", "a3"]
    assert clean.texts == [str(row) for row in range(40) if row not in (4, 28, 29)]
    assert clean.notices[0].startswith("left out 1 chunk of train and 2 chunks of val")


def test_a_copied_article_goes_as_a_whole(tmp_path):
    with lvmctl.write_store(tmp_path / "s", 16) as writer:
        for low, split in ((0, "train"), (10, "train"), (0, "val")):
            writer.article({"split": split}, ROWS[low : low + 10])
    clean = lvmctl.open_store(tmp_path / "s").dedup(tmp_path / "clean")
    assert clean.splits == {"train": 1, "val": 1}
    assert lvmctl.diagnose("leakage", clean).verdict == "CLEAN"


def test_a_clean_store_stays_as_it_is(store, tmp_path):
    once = store.dedup(tmp_path / "once")
    twice = once.dedup(tmp_path / "twice")
    hashes = [found.describe()["content_hash"] for found in (once, twice)]
    assert hashes[0] == hashes[1]
    assert "left out nothing" in twice.notices[0]


def test_refusals(store, tmp_path):
    with pytest.raises(UsageError, match="is one split"):
        store.split("train").dedup(tmp_path / "x")
    with pytest.raises(UsageError, match="not from 0 to 1"):
        store.dedup(tmp_path / "x", threshold=2)
    alone = lvmctl.synth("iid", tmp_path / "alone", articles=3, chunks=4, dim=8)
    with pytest.raises(DataError, match="nothing held out; give it splits with lvmctl data split"):
        alone.dedup(tmp_path / "x")


def test_the_command(store, tmp_path, capsys):
    assert run(["data", "dedup", str(store.path), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert (found["path"], found["chunks"]) == (str(tmp_path / "s-dedup"), 37)
