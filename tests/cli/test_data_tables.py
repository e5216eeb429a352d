"""``lvmctl data import`` and ``export`` of tables; what they hold is tested in ``tests/data``."""

from __future__ import annotations

import json

import numpy as np
import pytest

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")


@pytest.fixture
def chunks(tmp_path):
    """``chunks.parquet``: 12 chunks of two articles, in another order, with names of its own."""
    rng = np.random.default_rng(0)
    rows = [
        {"emb": list(rng.standard_normal(4)), "body": f"{doc}{i}", "doc": doc, "i": i, "url": "u"}
        for doc in "ab"
        for i in range(6)
    ]
    order = rng.permutation(12)
    pq.write_table(pa.Table.from_pylist([rows[at] for at in order]), tmp_path / "chunks.parquet")
    return rows


def test_a_store_travels_through_parquet(lvmctl):
    world = ("data", "synth", "ar1", "--articles", 10, "--chunks", 5, "--dim", 4, "--out", "s")
    lvmctl(*world)
    lvmctl("data", "split", "s")
    found = json.loads(lvmctl("data", "export", "s", "--format", "parquet", "--json").out)
    assert found["files"] == {"s.parquet": 50}
    assert "already exists" in lvmctl("data", "export", "s", "--format", "parquet", code=6).err
    lvmctl("data", "export", "s", "--out", "named.parquet")
    assert pq.read_table("named.parquet").equals(pq.read_table("s.parquet"))
    done = lvmctl("data", "import", "s.parquet", "--out", "back")
    assert "50 chunks of 4 dimensions in 10 articles (train 8, val 1, test 1)" in done.out
    hashes = [
        json.loads(lvmctl("data", "info", name, "--json").out)["content_hash"]
        for name in ("s", "back")
    ]
    assert hashes[0] == hashes[1]


def test_columns_are_named_and_shown(lvmctl, chunks):
    named = "vector=emb,text=body,article=doc,position=i"
    done = lvmctl("data", "import", "chunks.parquet", "--columns", named, "--out", "s")
    assert "vector = emb, text = body, article = doc, position = i" in done.err
    assert "not read: url" in done.err
    shown = json.loads(lvmctl("data", "show", "s", "b", "--json").out)
    assert [chunk["text"] for chunk in shown["chunks"]] == [f"b{i}" for i in range(6)]


def test_refusals(lvmctl, chunks, tmp_path):
    command = ("data", "import", "chunks.parquet", "--out", "s")
    error = lvmctl(*command, "--columns", "vector=embb", code=3).err
    assert "has no column 'embb'; did you mean 'emb'?" in error
    assert "names no column" in lvmctl(*command, "--columns", "vectr=emb", code=2).err
    assert "cannot be the vector" in lvmctl(*command, "--columns", "vector=i", code=3).err
    assert "--horizon is of window NPZ files" in lvmctl(*command, "--horizon", 2, code=2).err
    (tmp_path / "bad.parquet").write_bytes(b"PAR1nothing")
    assert "cannot be read" in lvmctl("data", "import", "bad.parquet", "--out", "s", code=3).err
    assert "no such file" in lvmctl("data", "import", "none.parquet", "--out", "s", code=3).err
    (tmp_path / "empty").mkdir()
    assert "holds no" in lvmctl("data", "import", "empty", "--out", "s", code=3).err
    np.savez(tmp_path / "w.npz", C=np.ones((3, 2, 4)), y=np.ones((3, 4)))
    assert "apart" in lvmctl("data", "import", "w.npz", "chunks.parquet", "--out", "s", code=2).err
    assert (
        "of tables" in lvmctl("data", "import", "w.npz", "--columns", "", "--out", "s", code=2).err
    )
    assert not (tmp_path / "s").exists()


def test_without_pyarrow_one_line_says_what_to_install(lvmctl, chunks, monkeypatch):
    monkeypatch.setitem(__import__("sys").modules, "pyarrow", None)
    error = lvmctl("data", "import", "chunks.parquet", "--out", "s", code=2).err
    assert error.endswith("; pip install 'lvmctl[parquet]'\n")
    assert len(error.splitlines()) == 1


def test_splits_at_once(lvmctl, tmp_path):
    rows = np.random.default_rng(0).standard_normal((40, 4)).astype("float32")
    np.save(tmp_path / "v.npy", rows)
    np.save(tmp_path / "ids.npy", np.arange(40) // 4)
    files = ("data", "import", "v.npy", "ids.npy", "--out")
    assert "(train 8, val 1, test 1)" in lvmctl(*files, "s", "--split", "80/10/10").out
    assert "(train 5, val 5)" in lvmctl(*files, "half", "--split", "1/1/0").out
    assert "= article" not in lvmctl(*files, "later").err
    lvmctl("data", "split", "later")
    manifests = [
        json.loads((tmp_path / name / "store.json").read_text()) for name in ("s", "later")
    ]
    assert manifests[0] == manifests[1]
    for shares in ("80/20", "0/1/1", "a/b/c", "1/-1/0", "1/nan/0"):
        assert "80/10/10" in lvmctl(*files, "t", "--split", shares, code=2).err
    lvmctl("data", "export", "s", "--context", 2)
    windows = [tmp_path / "s-npz" / f"s_{name}.npz" for name in ("train", "val")]
    error = lvmctl("data", "import", *windows, "--out", "t", "--split", "1/1/1", code=3).err
    assert "names its splits" in error
    assert not (tmp_path / "t").exists()


def test_texts_are_split_before_an_encoder_is_fitted(lvmctl, tmp_path):
    for number in range(10):
        text = "\n\n".join(f"the cat {number} sat on mat {i % 3}" for i in range(4))
        (tmp_path / f"{number}.txt").write_text(text)
    args = ("data", "embed", *(f"{n}.txt" for n in range(10)), "--set", "dim=3", "--out", "s")
    found = json.loads(lvmctl(*args, "--set", "max_share=1", "--split", "8/1/1", "--json").out)
    assert [part["articles"] for part in found["splits"]] == [8, 1, 1]
    assert found["made"]["encoder_fitted_on"] == "train"


def test_a_split_without_a_window_is_noticed(lvmctl, tmp_path):
    np.save("v.npy", np.eye(6, dtype="f4")[np.arange(60) % 6])
    said = "no article of {} has the 6 chunks that a window of K = 5 and its target need"
    for length, names in ((5, "train or val or test"), (6, "")):
        np.save("ids.npy", np.arange(60) // length)
        args = ("data", "import", "v.npy", "ids.npy", "--out", f"s{length}")
        at_once = lvmctl(*args, "--split", "80/10/10").err
        later = lvmctl("data", "split", f"s{length}", "--force").err
        for err in (at_once, later):
            assert (said.format(names) in " ".join(err.split())) == bool(names)


def test_a_folder_may_hold_npz_files(lvmctl, tmp_path):
    lvmctl("data", "synth", "ar1", "--articles", 10, "--chunks", 8, "--dim", 4, "--out", "s")
    lvmctl("data", "split", "s")
    lvmctl("data", "export", "s", "--format", "npz", "--context", 3, "--out", "npz")
    done = lvmctl("data", "import", "npz", "--out", "back")
    assert "80 chunks of 4 dimensions in 10 articles (train 8, val 1, test 1)" in done.out
    (tmp_path / "npz" / "more.jsonl").write_text("{}", encoding="utf-8")
    assert "tables together" in lvmctl("data", "import", "npz", "--out", "t", code=2).err
    np.savez(tmp_path / "s" / "encoder.npz", terms=np.ones(3))
    assert "is a vector store already" in lvmctl("data", "import", "s", "--out", "t", code=3).err


def test_a_store_without_texts_shows_its_cosines(lvmctl):
    lvmctl("data", "synth", "ar1", "--articles", 2, "--chunks", 3, "--dim", 4, "--out", "s")
    lines = lvmctl("data", "show", "s", "0").out.splitlines()
    assert lines[1] == "(the store has no texts)"
    assert [line.split()[0] for line in lines[3:]] == ["chunk", "0", "1", "2"]
