"""Which articles train, validate and are of another source."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace

import numpy as np
import pytest
from made import sphere

from lvmctl.core.errors import DataError, OutputError, UsageError
from lvmctl.data import Split, Store, Windows, open_split, open_splits
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.splits.assign import assign_splits, seeded_order
from lvmctl.data.splits.assign_store import write_splits
from lvmctl.data.splits.open import join
from lvmctl.data.store.writer import write_store


def _splits(**counts):
    return [{"split": name} for name, count in counts.items() for _ in range(count)]


def test_a_store_with_splits_is_used_as_it_says(make_store):
    store = make_store([7] * 6, entries=_splits(train=3, val=2, ood=1))
    opened = open_splits(str(store.path))
    assert [len(split.lengths) for split in opened.by_name.values()] == [3, 2, 1]
    assert (list(opened.by_name), opened.test) == (["train", "val", "ood"], None)
    assert opened.notices == []
    assert opened.train.name == "store@train"
    assert opened.train.source["content_hash"] == store.content_hash
    assert open_split(f"{store.path}@val").starts.tolist() == [21, 28]
    assert len(open_split(str(store.path)).lengths) == 6


def test_a_store_without_splits_is_split_on_the_fly_with_a_notice(make_store):
    path = str(make_store([7] * 50).path)
    opened = open_splits(path)
    parts = (opened.train, opened.val, opened.test)
    assert opened.ood is None
    assert [len(part.lengths) for part in parts] == [40, 5, 5]
    assert sorted(np.concatenate([part.starts for part in parts])) == list(range(0, 350, 7))
    assert any("40 / 5 / 5" in notice and "seed 0" in notice for notice in opened.notices)
    assert open_splits(path).val.starts.tolist() == opened.val.starts.tolist()
    assert open_splits(path, seed=1).val.starts.tolist() != opened.val.starts.tolist()
    assert open_split(path, "val").starts.tolist() == opened.val.starts.tolist()
    assert open_split(f"{path}@test").starts.tolist() == opened.test.starts.tolist()
    with pytest.raises(DataError, match=r"no articles.*another source.*@test"):
        open_split(f"{path}@ood")


def test_stores_apart(make_store):
    a = make_store([7, 7], "a")
    b = make_store([9], "b")
    c = make_store([6] * 4, "c", entries=_splits(train=2, val=1, ood=1))
    opened = open_splits(train=[str(a.path)], val=str(b.path), ood=str(c.path))
    assert [s.name for s in (opened.train, opened.val, opened.ood)] == ["a", "b", "c@ood"]
    assert open_splits(train=[str(a.path)], val=str(b.path)).ood is None
    assert open_splits(str(c.path), val=str(b.path)).val.name == "b"
    d = make_store([6] * 4, "d", entries=_splits(train=2, val=1, test=1))
    opened = open_splits(str(c.path), ood=str(d.path))
    assert (opened.ood.name, len(opened.ood.lengths), opened.test) == ("d", 4, None)
    assert open_splits(str(d.path), ood=str(b.path)).test.name == "d@test"


def test_training_stores_are_joined(make_store, unit_rows):
    a = make_store([7, 7], "a", seed=1, dtype="float16")
    b = make_store([9, 8], "b", seed=2, entries=_splits(val=1, train=1))
    joined = open_splits(train=[str(a.path), str(b.path)], val=f"{b.path}@val").train
    assert joined.lengths.tolist() == [7, 7, 8]
    assert joined.vectors.dtype == np.float32
    assert np.allclose(joined.unit_rows(14, 22), unit_rows(17, seed=2)[9:], atol=1e-6)
    assert len(Windows(joined, 5, 1)) == 2 + 2 + 3
    assert joined.name == "a + b@train"
    assert [source["path"] for source in joined.source["joined"]] == [str(a.path), str(b.path)]


@pytest.mark.parametrize("order", ["first", "last"])
def test_a_joined_store_is_of_unit_norm_where_all_of_it_is(make_store, order):
    unit = Split.of(make_store([7], "a"))
    halves = np.array(unit.vectors) / 2
    half = replace(unit, vectors=halves, unit=False, exact=False)
    joined = join([half, unit] if order == "first" else [unit, half])
    assert not joined.unit
    assert not joined.exact
    assert np.allclose(np.linalg.norm(joined.unit_rows(0, 14), axis=1), 1, atol=1e-6)
    assert join([unit, unit]).unit
    batch = BatchBuilder(Windows(joined, 3, 1), {"target"}).batch(np.arange(8))
    assert np.allclose(batch.target.norm(dim=-1), 1, atol=1e-6)


def test_refusals(make_store):
    a = str(make_store([7, 7], "a").path)
    wide = str(make_store([7, 7], "wide", dim=9).path)
    no_val = str(make_store([7, 7], "no_val", entries=_splits(train=2)).path)
    with pytest.raises(DataError, match="has dimension 9, the training data has 8"):
        open_splits(train=[a], val=wide)
    with pytest.raises(DataError, match="has dimension 9, a has 8; join stores of one encoder"):
        open_splits(train=[a, wide], val=a)
    with pytest.raises(DataError, match=r"no_val@val: has no articles.*train 2.*data split"):
        open_splits(no_val)
    with pytest.raises(DataError, match=r"^a: 3 splits need 3 articles, not \d; give more"):
        open_splits(a)
    with pytest.raises(DataError, match=r"no split 'vall'.*did you mean .*a@val"):
        open_split(f"{a}@vall")
    with pytest.raises(UsageError, match="one split, training needs two"):
        open_splits(f"{a}@train")
    with pytest.raises(UsageError, match="--train needs --val"):
        open_splits(train=[a])
    with pytest.raises(UsageError, match="both name training articles"):
        open_splits(a, train=[a])
    with pytest.raises(UsageError, match="--val needs"):
        open_splits(val=a)


def test_shares_are_kept_in_every_stratum():
    articles = [{"corpus": "big"}] * 100 + [{"corpus": "small"}] * 20
    splits = assign_splits(articles, stratify="corpus")
    assert [splits[:100].count(name) for name in ("train", "val", "test")] == [80, 10, 10]
    assert [splits[100:].count(name) for name in ("train", "val", "test")] == [16, 2, 2]
    many = [{"corpus": str(i // 2)} for i in range(100)]  # strata too small for a share each
    assert assign_splits(many, stratify="corpus").count("val") == 10
    with pytest.raises(UsageError, match="no article has the field 'source'; there are corpus"):
        assign_splits(articles, stratify="source")


@pytest.mark.parametrize(("val", "test"), [(0.6, 0.4), (-0.1, 0.1), (1.0, 0.0)])
def test_fractions_that_leave_nothing(val, test):
    with pytest.raises(UsageError, match="leave nothing for training"):
        assign_splits([{}] * 10, val=val, test=test)


def test_every_split_gets_an_article():
    assert sorted(assign_splits([{}] * 3)) == ["test", "train", "val"]
    assert assign_splits([{}] * 10, val=0.1, test=0).count("test") == 0


def test_write_splits_refuses_to_overwrite(make_store):
    store = make_store([7] * 10)
    assert write_splits(store) == {"train": 8, "val": 1, "test": 1}
    again = Store.open(store.path)
    assert again.content_hash == store.content_hash
    with pytest.raises(OutputError, match=r"\(train 8, val 1, test 1\).*--force"):
        write_splits(again)
    assert write_splits(again, test=0, force=True) == {"train": 9, "val": 1}


def test_orders_are_permutations_and_independent():
    orders = [seeded_order(100, 0, "split"), seeded_order(100, 0, "subset")]
    assert all(sorted(order) == list(range(100)) for order in orders)
    assert len(set(orders[0][:20]) & set(orders[1][:20])) < 12


def _identity(split):
    return split.source["content_hash"], split.source["articles_sha256"]


def test_a_split_says_which_articles_it_has(make_store):
    store = make_store([7, 8, 9, 7], entries=_splits(train=2, val=2))
    train = open_split(f"{store.path}@train")
    known = hashlib.sha256(b"None/None/" + np.array([0, 7, 7, 8], "<i8").tobytes())
    assert train.source["articles_sha256"] == known.hexdigest()
    assert _identity(open_split(f"{store.path}@val")) != _identity(train)
    assert _identity(train.take(np.array([1, 0]))) != _identity(train)
    assert _identity(train.take(np.array([0, 1]))) == _identity(train)
    assert _identity(train.subset(1, 5, 1, 0)) != _identity(train)
    store.path.rename(store.path.with_name("elsewhere"))
    moved = open_split(str(store.path.with_name("elsewhere")), "train")
    assert _identity(moved) == _identity(train)
    write_splits(Store.open(moved.source["path"]), val=0.5, test=0, seed=9, force=True)
    assert _identity(open_split(moved.source["path"], "train")) != _identity(train)


def test_a_join_says_which_articles_it_has(make_store):
    a, b = (str(make_store([7, 7, 8], name, seed=i).path) for i, name in enumerate("ab"))
    joined = open_splits(train=[a, b], val=a).train
    assert _identity(joined) == _identity(open_splits(train=[a, b], val=a).train)
    assert _identity(joined) != _identity(open_splits(train=[b, a], val=a).train)
    assert _identity(joined)[1] != _identity(joined.take(np.arange(5)))[1]


def test_validation_on_training_articles_is_noticed(make_store):
    a = str(make_store([7] * 5, "a", seed=1).path)
    b = str(make_store([7] * 6, "b", seed=2, entries=_splits(train=4, val=2)).path)

    def overlaps(*args, **kwargs):
        notices = open_splits(*args, **kwargs).notices
        return [notice for notice in notices if "are training articles" in notice]

    what = "validation articles are training articles: val figures are not held out"
    assert overlaps(train=[a], val=a) == [f"5 of 5 {what}"]
    assert overlaps(train=[a, f"{b}@val"], val=f"{b}@val") == [f"2 of 2 {what}"]
    assert overlaps(b, val=f"{b}@train", ood=f"{b}@val") == [f"4 of 4 {what}"]
    assert "4 of 4 out-of-domain" in overlaps(b, ood=f"{b}@train")[0]
    one = str(make_store([7], "one", seed=3).path)
    (notice,) = (n for n in open_splits(train=[a, one], val=one).notices if "training art" in n)
    assert notice.startswith("1 of 1 validation article is a training article: val")
    assert overlaps(b) == overlaps(train=[a], val=b) == []


def test_an_article_that_shares_half_its_chunks_is_named_and_is_no_copy(tmp_path):
    chunks = sphere(60, 8)

    def stored(name, articles):
        with write_store(tmp_path / name, 8) as writer:
            for number, rows in enumerate(articles):
                writer.article({"id": f"{name}-{number}"}, chunks[np.array(rows)])
        return str(tmp_path / name)

    train = stored("day", np.arange(50).reshape(5, 10))

    def notices(name, *articles):
        return open_splits(train=[train], val=stored(name, articles)).notices

    half, copy, other = [*range(30, 35), *range(50, 55)], range(10, 20), range(50, 60)
    end = ": val figures are not held out"
    assert notices("a", other, half) == [
        "1 of 2 validation articles shares half its chunks or more with a training article "
        f"(a-1 with day-3){end}"
    ]
    assert notices("b", copy, half, half) == [
        "1 of 3 validation articles is a training article, 2 share half their chunks or more with "
        f"a training article (such as b-1 with day-3){end}"
    ]


def test_an_encoder_that_saw_the_held_out_text_is_noticed(make_store):
    store = make_store([7] * 10)
    warning = "fitted on all of its text"

    def fitted_on(what):
        manifest = store.manifest | {"made": {"encoder_fitted_on": what}}
        (store.path / "store.json").write_text(json.dumps(manifest))
        return [notice for notice in open_splits(str(store.path)).notices if warning in notice]

    assert fitted_on("train") == []
    assert len(fitted_on("all")) == 1
    write_splits(Store.open(store.path))  # writing splits down does not make it better
    assert any(warning in notice for notice in open_splits(str(store.path)).notices)


@pytest.mark.parametrize("text", ["", " ", "@val"])
def test_no_source_is_not_the_current_directory(make_store, monkeypatch, text):
    monkeypatch.chdir(make_store([7] * 10).path)
    with pytest.raises(UsageError, match="names no data"):
        open_split(text)
