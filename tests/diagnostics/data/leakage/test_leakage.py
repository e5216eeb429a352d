"""Leakage is found where it was planted, and nowhere else."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made import sphere, split_of, turned
from recorder import Recorder

from lvmctl.core.errors import DataError
from lvmctl.data import Split, Splits, Store, open_splits, write_store
from lvmctl.data.store.arrays import unit64
from lvmctl.diagnostics.data.leakage.leakage import Leakage, change
from lvmctl.diagnostics.data.leakage.overlaps import TEXT, shorten
from lvmctl.diagnostics.records import LeakageOptions


def look(splits: Splits, **options):
    """The diagnosis; its progress must add up and its figures be plain."""
    reporter = Recorder()
    diagnosis = Leakage(LeakageOptions(**options))(splits, reporter)
    assert reporter.stages
    assert all(total == done for total, done in reporter.stages.values())
    assert json.loads(json.dumps(diagnosis.figures))["threshold"] == options.get("threshold", 0.98)
    return diagnosis


def articles(vectors: np.ndarray, length: int, name: str) -> Split:
    """A split of articles of equal length."""
    count = len(vectors) // length
    entries = [{"id": f"{name}{i}", "title": f"The {name} {i}"} for i in range(count)]
    return split_of(vectors, [length] * count, articles=entries, name=name)


def splits_of(train: np.ndarray, val: np.ndarray, ood: np.ndarray | None = None, length: int = 10):
    named = {"train": train, "val": val, "ood": ood}
    made = {n: None if rows is None else articles(rows, length, n) for n, rows in named.items()}
    return Splits(**made, notices=[])


def test_unrelated_splits_are_clean():
    diagnosis = look(splits_of(sphere(200, 32), sphere(100, 32, seed=1), sphere(50, 32, seed=2)))
    assert (diagnosis.verdict, diagnosis.failed, diagnosis.change) == ("CLEAN", False, "")
    assert diagnosis.sentence == (
        "No article is shared, and none of 100 val and 50 ood chunks repeats above cosine .98."
    )
    pairs = [(pair["held"], pair["known"]) for pair in diagnosis.figures["between"]]
    assert pairs == [("val", "train"), ("ood", "train"), ("ood", "val")]
    assert diagnosis.figures["boilerplate"]["chunks"] == 0
    assert diagnosis.figures["ordinary"]["high"] < 0.8


def test_every_duplicate_planted_at_985_and_none_at_95():
    train, val = sphere(300, 32), sphere(100, 32, seed=1)
    for row in range(0, 60, 4):
        val[row] = turned(train[3 * row], 0.985, np.random.default_rng(1000 + row))
        val[row + 2] = turned(train[3 * row + 1], 0.95, np.random.default_rng(2000 + row))
    diagnosis = look(splits_of(train, val), examples=100)
    (pair,) = diagnosis.figures["between"]
    assert (diagnosis.verdict, diagnosis.failed) == ("LEAKS", True)
    assert (pair["repeated"], pair["pairs"], pair["shared_articles"]) == (15, 15, 0)
    assert pair["share"] == 0.15
    assert pair["ci"][0] < 0.15 < pair["ci"][1]
    planted = {(f"val{row // 10}", row % 10, 3 * row) for row in range(0, 60, 4)}
    seen = set()
    for example in pair["examples"]:
        assert example["cosine"] == pytest.approx(0.985, abs=1e-6)
        known = int(example["repeats"]["article"][5:]) * 10 + example["repeats"]["position"]
        seen.add((example["chunk"]["article"], example["chunk"]["position"], known))
    assert seen == planted
    assert {a["article"]: a["repeated"] for a in pair["by_article"]} == {
        f"val{i}": sum(1 for row in range(0, 60, 4) if row // 10 == i) for i in range(6)
    }
    low, high = (100 * end for end in pair["ci"])
    assert diagnosis.sentence == (
        f"15 of 100 val chunks (15.0 %, 95 % interval {low:.1f} to {high:.1f} %) repeat in train "
        "above cosine .98, in 6 articles."
    )
    assert "one split" in diagnosis.change


def test_examples_come_from_many_articles_and_the_surest_first():
    train, val = sphere(60, 32), sphere(60, 32, seed=1)
    for row, cosine in ((0, 0.99), (1, 0.999), (2, 0.998), (20, 0.985), (40, 0.995)):
        val[row] = turned(train[row], cosine, np.random.default_rng(9))
    diagnosis = look(splits_of(train, val), examples=4)
    examples = [example["chunk"] for example in diagnosis.figures["between"][0]["examples"]]
    shown = [(chunk["article"], chunk["position"]) for chunk in examples]
    assert shown == [("val0", 1), ("val4", 0), ("val2", 0), ("val0", 2)]


def test_a_shared_article_is_named():
    train, val = sphere(100, 32), sphere(40, 32, seed=1)
    val[10:20] = train[50:60]
    diagnosis = look(splits_of(train, val))
    (pair,) = diagnosis.figures["between"]
    assert (pair["shared_articles"], pair["shared"], pair["repeated"]) == (1, ["val1"], 10)
    assert "1 article is shared" in diagnosis.sentence
    assert "take the shared articles out" in diagnosis.change
    assert diagnosis.failed
    assert look(splits_of(train, val), tolerated=1.0).failed


def test_ood_that_repeats_val_leaks_too():
    val, ood = sphere(40, 32, seed=1), sphere(40, 32, seed=2)
    ood[3] = val[7]
    diagnosis = look(splits_of(sphere(40, 32), val, ood))
    assert diagnosis.sentence.startswith("1 of 40 ood chunks (2.5 %")
    assert "repeats in val above" in diagnosis.sentence


def test_a_tolerated_share_does_not_fail():
    train, val = sphere(100, 32), sphere(100, 32, seed=1)
    val[::20] = train[::20]
    splits = splits_of(train, val)
    assert look(splits, tolerated=0.05).verdict == "CLEAN"
    assert "no more than is tolerated" in look(splits, tolerated=0.05).sentence
    assert look(splits, tolerated=0.049).verdict == "LEAKS"


def test_repeated_boilerplate_is_told_from_other_leaks():
    train, val = sphere(200, 32), sphere(100, 32, seed=1)
    licence, header = sphere(2, 32, seed=7)
    train[9::10], val[9::10] = licence, licence
    train[0:50:10] = header
    train[[51, 61]] = sphere(1, 32, seed=8)
    diagnosis = look(splits_of(train, val), boilerplate=3)
    common = diagnosis.figures["boilerplate"]
    assert common["chunks"] == 30 + 5
    assert common["share"] == pytest.approx(35 / 300)
    assert [example["articles"] for example in common["examples"]] == [30, 5]
    assert [example["chunk"]["position"] for example in common["examples"]] == [9, 0]
    (pair,) = diagnosis.figures["between"]
    assert (pair["repeated"], pair["boilerplate"], pair["pairs"]) == (10, 10, 200)
    assert "boilerplate" in diagnosis.change
    for articles, chunks in ((5, 35), (6, 30), (30, 30), (31, 0)):
        diagnosis = look(splits_of(train, val), boilerplate=articles)
        assert diagnosis.figures["boilerplate"]["chunks"] == chunks


def test_a_query_among_its_candidates_is_counted():
    val = sphere(60, 32, seed=1)
    val[2], val[19] = val[8], val[11]
    diagnosis = look(splits_of(sphere(40, 32), val), context=3)
    figures = diagnosis.figures["within"]["val"]["windows"]
    # 7 windows of 3 chunks in each of 6 articles. Article 0 has twins 2 and 8: two windows end with
    # them, one aims at 8. Article 1 has twins 1 and 9: one window aims at 9, none ends with them.
    assert figures["windows"] == 42
    assert figures["last"]["share"] == pytest.approx(2 / 42)
    assert figures["target"]["share"] == pytest.approx(2 / 42)
    assert figures["copied"]["share"] == 0
    assert diagnosis.verdict == "CLEAN"
    assert "4.8 % of val windows find their own query" in diagnosis.sentence
    assert diagnosis.change == ""
    assert "What would change it" not in diagnosis.table(full=True)


def test_windows_that_cannot_be_made_are_reported():
    diagnosis = look(splits_of(sphere(20, 32), sphere(20, 32, seed=1), length=4))
    assert "no article has the 6 chunks" in diagnosis.figures["within"]["val"]["windows"]["reason"]
    assert diagnosis.verdict == "CLEAN"


def test_articles_whose_rows_overlap_and_copies_of_articles():
    train = sphere(40, 32)
    train[20:30] = train[0:10]
    splits = splits_of(train, sphere(20, 32, seed=1))
    crossing = replace(splits.train, starts=np.array([0, 5, 20, 30]))
    within = look(replace(splits, train=crossing)).figures["within"]
    assert within["train"]["overlapping_articles"] == 1
    assert within["train"]["copied_articles"] == 1
    assert within["train"]["contained_articles"] == 2  # rows 10 to 14 are in one only
    assert within["val"]["overlapping_articles"] == 0


def test_windows_cut_from_one_text_and_kept_apart():
    text = sphere(30, 32)
    cut = np.concatenate([text[s : s + 6] for s in range(24)])
    diagnosis = look(splits_of(cut[:96], cut[96:], length=6))
    assert diagnosis.figures["within"]["train"]["contained_articles"] == 14
    assert diagnosis.verdict == "LEAKS"
    (pair,) = diagnosis.figures["between"]
    # Windows 16 to 20 hold chunks of the windows before 16: 5, 4, 3, 2 and 1 of them.
    assert (pair["repeated"], pair["touched_articles"]) == (15, 5)


def test_where_high_cosines_are_ordinary_the_threshold_says_little():
    cone = unit64(np.ones(32) + 0.01 * sphere(150, 32))
    diagnosis = look(splits_of(cone[:100], cone[100:]))
    assert diagnosis.verdict == "LEAKS"
    assert "are ordinary here" in diagnosis.change


def test_texts_and_places_of_a_store(tmp_path: Path):
    vectors = sphere(40, 8).astype(np.float32)
    vectors[35] = vectors[12]
    with write_store(tmp_path / "store", 8) as writer:
        for number, low in enumerate(range(0, 40, 10)):
            entry = {"id": f"a{number}", "split": "val" if number == 3 else "train"}
            text = [f"chunk {row}\tof it\x1b[31m" for row in range(low, low + 10)]
            writer.article(entry, vectors[low : low + 10], text)
    diagnosis = look(open_splits(str(tmp_path / "store")))
    (example,) = diagnosis.figures["between"][0]["examples"]
    assert example["chunk"] == {
        "split": "val",
        "article": "a3",
        "position": 5,
        "text": "chunk 35 of it [31m",
    }
    assert example["repeats"]["text"] == "chunk 12 of it [31m"
    (shown,) = (t.rows for t in diagnosis.tables if t.title == "Chunks that are repeated")
    assert shown == (("1.000", "val a3:5", "train a1:2", "chunk 35 of it [31m"),)
    assert Store.open(tmp_path / "store").dim == 8


def test_texts_are_shortened_and_damage_is_survived():
    assert len(shorten(json.dumps("word " * 99).encode())) == TEXT
    assert shorten(json.dumps("x" * TEXT).encode()) == "x" * TEXT
    assert shorten(b"{not json") == ""
    assert shorten(b"3") == "3"


def test_without_val_there_is_nothing_to_compare():
    splits = splits_of(sphere(20, 32), sphere(20, 32, seed=1))
    for val in (None, splits.val.take(np.array([], np.int64))):
        diagnosis = look(replace(splits, val=val))
        assert diagnosis.sentence == "There is only train: nothing is held out that could leak."
        assert (diagnosis.verdict, diagnosis.figures["between"]) == ("CLEAN", [])


def test_no_articles_at_all():
    none = splits_of(sphere(20, 32), sphere(20, 32)).train.take(np.array([], np.int64))
    with pytest.raises(DataError, match="the splits hold no articles; choose another store"):
        look(Splits(none, none, None, []))


def test_different_dimensions_are_refused():
    with pytest.raises(DataError, match="val: has dimension 3, train has 4; give --val a store of"):
        look(splits_of(sphere(20, 4), sphere(20, 3)))


@pytest.mark.parametrize("same", [True, False])
def test_one_chunk_each(same):
    train, val = np.array([[1.0, 0.0]]), np.array([[1.0, 0.0] if same else [0.0, 1.0]])
    diagnosis = look(splits_of(train, val, length=1))
    assert diagnosis.verdict == ("LEAKS" if same else "CLEAN")
    assert diagnosis.figures["between"][0]["repeated"] == int(same)


@pytest.mark.parametrize(("boilerplate", "most"), [(0, False), (10, False), (11, True), (20, True)])
def test_boilerplate_is_named_where_it_is_most_of_what_repeats(boilerplate, most):
    pairs = [
        {"shared_articles": 0, "boilerplate": boilerplate, "repeated": 12},
        {"shared_articles": 0, "boilerplate": 0, "repeated": 8},
    ]
    text = change({"threshold": 0.98, "ordinary": {"pairs": 0}, "within": {}}, pairs)
    assert text.startswith("most of it is boilerplate" if most else "move articles that repeat")
