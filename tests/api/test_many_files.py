"""What is made of a store of many files is what is made of the same vectors in one."""

from __future__ import annotations

import numpy as np
import pytest

import lvmctl
from lvmctl.core.batch import FIELDS
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.moments import moments
from lvmctl.data.splits.open import join
from lvmctl.data.transforms import fit, read_backward
from lvmctl.evaluation.retrieval.global_ranks import global_ranks, pool_vectors
from lvmctl.evaluation.retrieval.ranks import in_article_ranks


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """A store of one file, and of many: 100 chunks of 8 numbers, 7 to a file."""
    place = tmp_path_factory.mktemp("stores")
    rows = np.random.default_rng(0).standard_normal((100, 8))
    table = {"vector": rows, "article": np.repeat(np.arange(5), 20)}
    return [
        lvmctl.store_from(table, place / str(size), split="60/20/20", rows_per_file=size)
        for size in (None, 7)
    ]


def batch(store):
    windows = store.windows(3)
    builder = BatchBuilder(windows, FIELDS, negatives=4, rollout=2)
    made = builder.batch(np.arange(0, len(windows), 3), 1, 2)
    return {name: getattr(made, name).numpy() for name in FIELDS}


def ranks(store):
    windows = store.windows(3)
    q = windows.target()[::-1].copy()
    index = np.arange(len(windows))
    return [global_ranks(windows, index, q), in_article_ranks(windows, index, q)]


WORK = {
    "windows": lambda store: [store.windows(3).context(), store.windows(3).target()],
    "vectors": lambda store: [store.vectors, store.split("val").vectors],
    "an article": lambda store: store.article(2),
    "nearest": lambda store: store.nearest(np.eye(8), top=5),
    "a batch": batch,
    "ranks": ranks,
    "moments": lambda store: moments(store._split).spectrum,
    "a transform": lambda store: fit("whitened", store._split).matrix,
    "read backward": lambda store: read_backward(store._split).vectors,
    "joined": lambda store: join([store.split("val")._split, store.split("test")._split]).vectors,
    "a pool": lambda store: pool_vectors(store.split("train")._split).numpy(),
}


@pytest.mark.parametrize("work", WORK)
def test_one_file_or_many(stores, work):
    one, many = (WORK[work](store) for store in stores)
    np.testing.assert_equal(many, one)


@pytest.mark.parametrize("change", ["subset", "drop"])
def test_what_is_written_of_many_files_is_of_many_files(stores, tmp_path, change):
    given = {"subset": {"windows": 20}, "drop": {"articles": [0]}}[change]
    one, many = (
        getattr(store, change)(tmp_path / str(number), **given)
        for number, store in enumerate(stores)
    )
    np.testing.assert_array_equal(many.vectors, one.vectors)
    assert len(list(many.path.glob("vectors-*.npy"))) == -(-len(many) // 7)
    assert many.verify().verdict == "OK"


def test_verify_names_the_file_that_changed(stores, tmp_path):
    store = stores[1].drop(tmp_path / "damaged", [0])
    path = store.path / "vectors-00002.npy"
    np.save(path, np.load(path)[::-1].copy())
    found = store.verify()
    assert found.verdict == "CHANGED"
    assert "vectors-00002.npy" in found.faults[0]
