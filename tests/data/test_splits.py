"""Which articles train, validate and are of another source."""

from __future__ import annotations

import numpy as np
import pytest

from lvmctl.data import Windows, open_split, open_splits
from lvmctl.data.assign import assign_splits
from lvmctl.data.copying import write_splits
from lvmctl.data.order import seeded_order
from lvmctl.errors import DataError, OutputError, UsageError


def _splits(**counts):
    return [{"split": name} for name, count in counts.items() for _ in range(count)]


def test_a_store_with_splits_is_used_as_it_says(make_store):
    store = make_store([7] * 6, entries=_splits(train=3, val=2, ood=1))
    opened = open_splits(str(store.path))
    assert [len(s.lengths) for s in (opened.train, opened.val, opened.ood)] == [3, 2, 1]
    assert opened.notices == []
    assert opened.train.name == "store@train"
    assert opened.train.source["content_hash"] == store.content_hash
    assert open_split(f"{store.path}@val").starts.tolist() == [21, 28]
    assert len(open_split(str(store.path)).lengths) == 6


def test_a_store_without_splits_is_split_on_the_fly_with_a_notice(make_store):
    path = str(make_store([7] * 50).path)
    opened = open_splits(path)
    parts = (opened.train, opened.val, opened.ood)
    assert [len(part.lengths) for part in parts] == [40, 5, 5]
    assert sorted(np.concatenate([part.starts for part in parts])) == list(range(0, 350, 7))
    assert any("40 / 5 / 5" in notice and "seed 0" in notice for notice in opened.notices)
    assert open_splits(path).val.starts.tolist() == opened.val.starts.tolist()
    assert open_splits(path, seed=1).val.starts.tolist() != opened.val.starts.tolist()
    assert open_split(path, "val").starts.tolist() == opened.val.starts.tolist()


def test_stores_apart(make_store):
    a = make_store([7, 7], "a")
    b = make_store([9], "b")
    c = make_store([6] * 4, "c", entries=_splits(train=2, val=1, ood=1))
    opened = open_splits(train=[str(a.path)], val=str(b.path), ood=str(c.path))
    assert [s.name for s in (opened.train, opened.val, opened.ood)] == ["a", "b", "c@ood"]
    assert open_splits(train=[str(a.path)], val=str(b.path)).ood is None
    assert open_splits(str(c.path), val=str(b.path)).val.name == "b"


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
    with pytest.raises(DataError, match=r"cannot make 3 splits; name stores apart"):
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
    assert [splits[:100].count(name) for name in ("train", "val", "ood")] == [80, 10, 10]
    assert [splits[100:].count(name) for name in ("train", "val", "ood")] == [16, 2, 2]
    many = [{"corpus": str(i // 2)} for i in range(100)]  # strata too small for a share each
    assert assign_splits(many, stratify="corpus").count("val") == 10
    with pytest.raises(UsageError, match="no article has the field 'source'; there are corpus"):
        assign_splits(articles, stratify="source")


@pytest.mark.parametrize(("val", "ood"), [(0.6, 0.4), (-0.1, 0.1), (1.0, 0.0)])
def test_fractions_that_leave_nothing(val, ood):
    with pytest.raises(UsageError, match="leave nothing for training"):
        assign_splits([{}] * 10, val=val, ood=ood)


def test_every_split_gets_an_article():
    assert sorted(assign_splits([{}] * 3)) == ["ood", "train", "val"]
    assert assign_splits([{}] * 10, val=0.1, ood=0).count("ood") == 0


def test_write_splits_refuses_to_overwrite(make_store):
    from lvmctl.data import Store

    store = make_store([7] * 10)
    assert write_splits(store) == {"train": 8, "val": 1, "ood": 1}
    again = Store.open(store.path)
    assert again.content_hash == store.content_hash
    with pytest.raises(OutputError, match=r"already has splits \(train 8, val 1, ood 1\).*--force"):
        write_splits(again)
    assert write_splits(again, ood=0, force=True) == {"train": 9, "val": 1}


def test_orders_are_permutations_and_independent():
    orders = [seeded_order(100, 0, "split"), seeded_order(100, 0, "subset")]
    assert all(sorted(order) == list(range(100)) for order in orders)
    assert len(set(orders[0][:20]) & set(orders[1][:20])) < 12
