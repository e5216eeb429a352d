"""Window NPZ files → stores."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from lvmctl.core.errors import DataError
from lvmctl.data import Windows, open_split
from lvmctl.data.npz.importing import split_names

CONTEXTS = ("contexts", "context", "context_sequences", "C", "X")
TARGETS = ("targets", "target", "target_vectors", "y", "Y", "t")


def _windows(rows, lengths, context=3, horizon=1):
    """Window arrays cut from articles by hand."""
    contexts, targets, ids, at = [], [], [], []
    low = 0
    for article, length in enumerate(lengths):
        for start in range(length - (context - 1 + horizon)):
            target = start + context - 1 + horizon
            contexts.append(rows[low + start : low + start + context])
            targets.append(rows[low + target])
            ids.append(article)
            at.append(target)
        low += length
    return {
        "contexts": np.array(contexts),
        "targets": np.array(targets),
        "article_ids": np.array(ids),
        "target_indices": np.array(at),
    }


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize("horizon", [1, 2, 3])
def test_overlapping_windows_collapse_into_articles(load, unit_rows, save, horizon):
    lengths = [9, 8, 12]
    rows = unit_rows(29)
    arrays = _windows(rows, lengths, horizon=horizon)
    store, notices = load(arrays, save=save, horizon=horizon)
    assert notices == []
    assert store.lengths.tolist() == lengths
    assert np.array_equal(store.vectors, rows)
    assert [article["id"] for article in store.articles] == [0, 1, 2]
    assert len(Windows(open_split(str(store.path)), 3, horizon)) == len(arrays["targets"])


def test_the_order_of_windows_and_the_range_of_ids_do_not_matter(load, unit_rows):
    arrays = _windows(unit_rows(20), [8, 12])
    order = np.random.default_rng(0).permutation(len(arrays["targets"]))
    order = np.concatenate([[0], order[order != 0]])  # article 0 first
    shuffled = {key: value[order] for key, value in arrays.items()}
    shuffled["article_ids"] = np.array([900_000_000_000, -5])[shuffled["article_ids"]]
    store, _ = load(shuffled)
    assert np.array_equal(store.vectors, unit_rows(20))
    assert [article["id"] for article in store.articles] == [900_000_000_000, -5]


def test_a_gap_in_positions_ends_an_article(load, unit_rows):
    arrays = _windows(unit_rows(20), [20])
    rows = np.r_[0:4, 10:17]  # positions 0…6 and 10…19
    store, _ = load({key: value[rows] for key, value in arrays.items()})
    assert store.lengths.tolist() == [7, 10]
    assert np.array_equal(store.vectors, unit_rows(20)[np.r_[0:7, 10:20]])
    assert store.articles[0] == {"id": 0, "title": "article 0"}
    assert store.articles[1] == {"id": 0, "title": "article 0", "first": 10}


@pytest.mark.parametrize(
    ("name", "alias"),
    [("contexts", alias) for alias in CONTEXTS] + [("targets", alias) for alias in TARGETS],
)
def test_aliases_of_keys(load, unit_rows, name, alias):
    arrays = _windows(unit_rows(8), [8])
    arrays[alias] = arrays.pop(name)
    assert np.array_equal(load(arrays)[0].vectors, unit_rows(8))


@pytest.mark.parametrize("vectors", ["vectors", "embeddings"])
@pytest.mark.parametrize("articles", ["article_indices", "article_ids"])
@pytest.mark.parametrize("positions", ["chunk_indices", "seq_idx"])
def test_chunk_banks(load, unit_rows, vectors, articles, positions):
    order = np.random.default_rng(0).permutation(10)
    bank = {
        vectors: unit_rows(10)[order],
        articles: np.repeat([0, 1], [4, 6])[order],
        positions: np.r_[0:4, 0:6][order],
    }
    store, _ = load(bank)
    first = int(bank[articles][0])
    expected = unit_rows(10) if first == 0 else np.roll(unit_rows(10), -4, axis=0)
    assert np.array_equal(store.vectors, expected)


def _alone(arrays):
    return {key: arrays[key] for key in ("contexts", "targets")}


def test_windows_that_do_not_overlap_are_articles_of_their_own(load, unit_rows):
    arrays = {k: v[::4] for k, v in _windows(unit_rows(24), [24]).items()}
    store, notices = load(_alone(arrays))
    assert store.lengths.tolist() == [4] * 6
    assert "no window overlaps another as at horizon 1: each window is an article" in notices[0]
    assert store.separate
    assert open_split(str(store.path)).separate
    windows = Windows(open_split(str(store.path)), 3, 1)
    index = np.arange(6)
    assert np.allclose(windows.context(index), arrays["contexts"], atol=1e-6)
    assert np.allclose(windows.target(index), arrays["targets"], atol=1e-6)
    assert load(_alone(_windows(unit_rows(9), [9])), apart=True)[0].separate
    assert not load(_windows(unit_rows(9), [9]))[0].separate


def test_windows_alone_keep_their_horizon(load, unit_rows):
    arrays = {k: v[::4] for k, v in _windows(unit_rows(24), [24], horizon=2).items()}
    store, _ = load(_alone(arrays) | {"p6_offset": np.array(1)})
    assert store.window_shape == (3, 2)
    windows = Windows(open_split(str(store.path)), 3, 2)
    assert np.allclose(windows.target(np.arange(5)), arrays["targets"], atol=1e-6)
    with pytest.raises(DataError, match="--horizon 2"):
        Windows(open_split(str(store.path)), 3, 1)


def test_the_horizon_of_the_file_and_of_the_user(load, unit_rows):
    arrays = _windows(unit_rows(9), [9], horizon=2)
    stored = arrays | {"p6_offset": np.array(1)}
    assert np.array_equal(load(stored)[0].vectors, unit_rows(9))
    assert "says horizon 2; --horizon 1 is used" in load(stored, horizon=1, apart=True)[1][0]
    with pytest.raises(DataError, match="not one number"):
        load(arrays | {"p6_offset": np.array([1, 2])})


def test_lonely_windows_with_a_horizon_are_kept_apart(load, unit_rows):
    arrays = _windows(unit_rows(30), [30], horizon=3)
    apart = {key: value[::9] for key, value in arrays.items()}
    store, notices = load(apart, horizon=3)
    assert store.window_shape == (3, 3)
    assert "3 of 3 windows have a gap before their target" in notices[0]


def test_a_wrong_horizon_or_shared_ids_are_a_conflict(load, unit_rows):
    arrays = _windows(unit_rows(9), [9], horizon=2)
    with pytest.raises(
        DataError, match=r"at the same place of an article and differ; check --horizon"
    ):
        load(arrays, horizon=1)
    both = _windows(unit_rows(12), [6, 6]) | {"article_ids": np.zeros(6, int)}
    with pytest.raises(
        DataError, match=r"window 0, chunk 0 and window 3, chunk 0 .*--separate-windows"
    ):
        load(both)
    assert load(both, apart=True)[0].lengths.tolist() == [4] * 6


def test_files_are_splits(load, unit_rows):
    files = [_windows(unit_rows(8, seed=seed), [8]) for seed in range(3)]
    names = ("my_VAL.npz", "a.npz", "p6_ood_x.npz")
    store, _ = load(*files, names=names, name_splits=True)
    assert [article["split"] for article in store.articles] == ["val", "train", "ood"]
    assert open_split(f"{store.path}@ood").chunks == 8


def test_split_names():
    def names(*stems):
        return split_names([Path(f"{stem}.npz") for stem in stems])

    assert names("a", "b", "c") == ["train", "val", "test"] == names("a", "b", "c", "d")[:3]
    assert names("train_1", "train_2", "validation") == ["train", "train", "val"]
    assert names("food", "val") == ["train", "val"]
    assert names("dev", "device_a") == ["val", "train"]
    assert names("p6_test", "test_ood", "a") == ["test", "ood", "train"]
    with pytest.raises(DataError, match="more files than splits"):
        names("a", "b", "c", "d", "e")


def test_a_bank_supplies_the_articles(load, tmp_path, unit_rows):
    rows = unit_rows(30)
    bank = tmp_path / "bank.npz"
    numbers = np.repeat([0, 1, 2], [9, 12, 9])
    np.savez(bank, vectors=rows, article_ids=numbers, seq_idx=np.r_[0:9, 0:12, 0:9])
    arrays = _windows(rows, [9, 12, 9])
    del arrays["target_indices"]
    some = {key: value[arrays["article_ids"] != 1][::2] for key, value in arrays.items()}
    store, _ = load(some, bank=bank)
    assert np.array_equal(store.vectors, rows[np.r_[0:9, 21:30]])
    with pytest.raises(DataError, match=r"lacks 1 of the articles .*, 7 first"):
        load(some | {"article_ids": np.full(len(some["targets"]), 7)}, bank=bank)
    del some["article_ids"]
    store, notices = load(some, bank=bank)
    assert np.array_equal(store.vectors, rows[np.r_[0:9, 21:30]])
    assert notices == []
    with pytest.raises(DataError, match=r"bank.npz: lacks 6 of the 6 windows of .*f.npz"):
        load(_alone(_windows(unit_rows(9, seed=5), [9])), bank=bank)


def test_pickled_metadata(load, unit_rows):
    arrays = _windows(unit_rows(12), [6, 6])
    arrays["metadata"] = np.array([{"window": i} for i in range(6)], dtype=object)
    store, notices = load(arrays)
    assert "not read: metadata (pickled, see --trust-pickle)" in notices[0]
    trusted, notices = load(arrays, trust_pickle=True)
    assert notices == []
    assert [article["metadata"] for article in trusted.articles] == [{"window": 0}, {"window": 3}]
    assert np.array_equal(trusted.vectors, store.vectors)


def test_float64_is_stored_as_float32_and_float16_as_it_is(load, unit_rows):
    arrays = _windows(unit_rows(8), [8])
    wide = {k: v.astype(np.float64) if v.dtype == np.float32 else v for k, v in arrays.items()}
    store, notices = load(wide)
    assert store.vectors.dtype == np.float32
    assert "float64; float32 is stored" in notices[0]
    half = {k: v.astype(np.float16) if v.dtype == np.float32 else v for k, v in arrays.items()}
    assert load(half)[0].vectors.dtype == np.float16


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: {"contexts": a["contexts"][0]}, r"\[contexts\]: has rank 2"),
        (lambda a: {"targets": a["targets"][None]}, r"\[targets\]: has rank 3"),
        (lambda a: {"targets": a["targets"][:-1]}, r"\[targets\]: has shape \(4, 8\)"),
        (lambda a: {"targets": a["targets"][:, :5]}, r"\[targets\]: has shape \(5, 5\)"),
        (lambda a: {"article_ids": a["article_ids"][1:]}, r"article_ids\]: has shape \(4,\)"),
        (lambda a: {"target_indices": np.ones((5, 1), int)}, r"has shape \(5, 1\), needs \(5,\)"),
        (lambda a: {"target_indices": np.ones(5)}, "is float64, not integers"),
        (lambda a: {"contexts": a["contexts"].astype(int)}, "is int64, not floats"),
        (lambda a: {"contexts": a["contexts"][:0]}, r"is empty"),
        (lambda a: {"contexts": a["contexts"].astype(object)}, "--trust-pickle"),
    ],
)
def test_bad_arrays(load, unit_rows, change, message):
    arrays = _windows(unit_rows(8), [8])
    with pytest.raises(DataError, match=message):
        load(arrays | change(arrays))


@pytest.mark.parametrize(("value", "what"), [(np.nan, "holds NaN or Inf"), (0, "is a zero vector")])
def test_bad_vectors_are_named_by_window(load, unit_rows, value, what):
    arrays = _windows(unit_rows(8), [8])
    arrays["contexts"][3, 1] = value
    with pytest.raises(DataError, match=f"f.npz: window 3, chunk 1 {what}"):
        load(arrays)
    arrays = _windows(unit_rows(8), [8])
    arrays["targets"][4] = value
    with pytest.raises(DataError, match="window 4, target"):
        load(arrays)


def test_missing_keys_and_dimensions(load, unit_rows):
    arrays = _windows(unit_rows(8), [8])
    del arrays["targets"]
    with pytest.raises(DataError, match=r"has none of targets.*it has contexts, article_ids"):
        load(arrays)
    files = [_windows(unit_rows(8), [8]), _windows(unit_rows(8, dim=9), [8])]
    with pytest.raises(DataError, match=r"g.npz: has dimension 9, .*f.npz has 8"):
        load(*files, names=("f.npz", "g.npz"))


def test_npz_as_a_source(load, tmp_path, unit_rows):
    np.savez(tmp_path / "f.npz", **_windows(unit_rows(24), [12, 12]))
    split = open_split(str(tmp_path / "f.npz"))
    assert np.array_equal(split.vectors, unit_rows(24))
    assert split.lengths.tolist() == [12, 12]


def test_texts_that_other_files_lack_are_left_out_with_a_notice(load):
    rows = np.random.default_rng(0).standard_normal((8, 4)).astype("float32")
    texts = np.array([f"chunk {row}" for row in range(8)])
    with_texts = {"vectors": rows, "article_ids": np.zeros(8, int), "texts": texts}
    without = {"vectors": rows[::-1], "article_ids": np.ones(8, int)}
    store, notices = load(with_texts, without, names=("train.npz", "val.npz"), name_splits=True)
    lost = [line for line in notices if "are left out" in line]
    assert [("train.npz" in line, "val.npz" in line) for line in lost] == [(True, True)]
    assert not (store.path / "chunks.jsonl").exists()
    assert not load(with_texts)[1]
