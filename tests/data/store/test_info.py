"""What there is to know about a store."""

from __future__ import annotations

import numpy as np
import pytest

from lvmctl.core.errors import DataError
from lvmctl.data.store.info import describe_store
from lvmctl.data.store.store import Store
from lvmctl.data.store.writer import copy_articles, write_store


def test_counts_and_neighbours(make_store):
    store = make_store([9, 3, 7], entries=[{"split": s} for s in ("train", "train", "val")])
    record = describe_store(store, context=5, horizon=2)
    train, val = record["splits"]
    assert (train["articles"], train["chunks"], train["windows"]) == (2, 12, 3)
    assert (val["windows"], val["shortest"], val["longest"]) == (1, 7, 7)
    x = store.vectors.astype(np.float64)
    pairs = [row for row in range(11) if row != 8]
    expected = np.mean([x[row] @ x[row + 1] for row in pairs])
    assert train["neighbour_cosine"] == pytest.approx(expected, abs=1e-6)
    assert [part["split"] for part in describe_store(store, split="val")["splits"]] == ["val"]
    with pytest.raises(DataError, match=r"store@ood: has no articles"):
        describe_store(store, split="ood")


def test_copies_bring_texts_norms_and_the_encoder(tmp_path, unit_rows):
    with write_store(tmp_path / "a", 8) as writer:
        writer.manifest["encoder"] = {"name": "x"}
        np.savez(writer.directory / "encoder.npz", a=np.ones(2))
        for index in range(3):
            rows = unit_rows(4, seed=index)
            writer.add(rows, [f"{index}/{i}" for i in range(4)], np.arange(4) + 4 * index + 1)
            writer.end_article({"id": f"n{index}"})
    store = Store.open(tmp_path / "a")
    with write_store(tmp_path / "b", 8) as writer:
        copy_articles(writer, store, store.offsets[[0, 2]])
    copy = Store.open(tmp_path / "b")
    assert np.array_equal(copy.vectors, np.concatenate([unit_rows(4), unit_rows(4, seed=2)]))
    assert list(copy.texts()) == [f"{i}/{j}" for i in (0, 2) for j in range(4)]
    assert np.load(tmp_path / "b" / "norms.npy").tolist() == [1, 2, 3, 4, 9, 10, 11, 12]
    assert (tmp_path / "b" / "encoder.npz").is_file()
    assert copy.manifest["encoder"] == {"name": "x"}
    assert [article["id"] for article in copy.articles] == ["n0", "n2"]
