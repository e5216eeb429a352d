"""``lvmctl data``, in process; each command's real work is tested in ``tests/data``."""

from __future__ import annotations

import json

import numpy as np
import pytest


@pytest.fixture
def world(lvmctl):
    """A store of 20 articles of 10 chunks at ``store``."""
    lvmctl("data", "synth", "ar1", "--articles", 20, "--chunks", 10, "--dim", 6, "--out", "store")


def _json(result, schema):
    record = json.loads(result.out)
    assert record["schema"] == schema
    return record


def test_synth(lvmctl):
    args = ("data", "synth", "rotation", "--articles", 4, "--dim", 8, "--theta", 20, "--out", "s")
    record = _json(lvmctl(*args, "--json"), "lvmctl.data.synth/1")
    assert (record["articles"], record["chunks"], record["dim"]) == (4, 160, 8)
    assert record["encoder"]["theta"] == 20
    assert "already exists" in lvmctl(*args, code=6).err
    lvmctl(*args, "--force")
    lvmctl("data", "synth", "reversed", "--store", "s", "--out", "r")
    assert "4 articles" in lvmctl("data", "info", "r").out
    error = lvmctl("data", "synth", "rotation", "--dim", 7, "--out", "t", code=2).err
    assert "dim is 7, it must be even" in error


def test_info(lvmctl, world):
    record = _json(lvmctl("data", "info", "store", "--json"), "lvmctl.data.info/1")
    assert record["splits"][0]["windows"] == 20 * 5
    assert record["splits"][0]["neighbour_cosine"] == pytest.approx(0.9, abs=1e-5)
    shown = lvmctl("data", "info", "store", "--context", 7, "--horizon", 2).out
    assert "20 articles, 200 chunks of 6 dimensions" in shown
    assert "K = 7 chunks, horizon 2" in shown
    error = lvmctl("data", "info", "stoer", code=3).err
    assert error.splitlines() == [
        "error: stoer: no such store; make one with lvmctl data import, embed or synth"
    ]


def test_split(lvmctl, world):
    args = ("data", "split", "store", "--by", "article")
    assert lvmctl(*args).out == "store: train 16, val 2, test 2 articles\n"
    assert "already has splits" in lvmctl(*args, code=6).err
    for option in ("--test", "--ood"):  # the second is an earlier spelling
        record = _json(lvmctl(*args, "--force", option, 0, "--json"), "lvmctl.data.split/1")
        assert record["articles"] == {"train": 18, "val": 2}
    assert [
        p["split"] for p in json.loads(lvmctl("data", "info", "store", "--json").out)["splits"]
    ] == ["train", "val"]


def test_subset(lvmctl, world):
    record = _json(
        lvmctl("data", "subset", "store", "--windows", 33, "--json"), "lvmctl.data.subset/1"
    )
    assert (record["path"], record["articles"]) == ("store-33", 7)
    assert "has only 100 windows" in lvmctl("data", "subset", "store", "--windows", 999).err
    assert "already exists" in lvmctl("data", "subset", "store", "--windows", 33, code=6).err


def test_a_subset_keeps_an_article_of_every_split(lvmctl, world):
    lvmctl("data", "split", "store")
    done = lvmctl("data", "subset", "store", "--windows", 5, "--json")
    record = json.loads(done.out)
    assert [(part["split"], part["articles"]) for part in record["splits"]] == [
        ("train", 1),
        ("val", 1),
        ("test", 1),
    ]
    assert "2 articles more, so that every split has one" in done.err
    done = lvmctl("data", "subset", "store@train", "--windows", 5, "--out", "part")
    assert "(train 1)" in done.out
    assert "more" not in done.err


def test_info_aligns_its_figures(lvmctl, tmp_path):
    make = ("data", "synth", "ar1", "--articles", 3, "--dim", 2, "--correlation", 0.3, "--out")
    lvmctl(*make, "long", "--chunks", 12345)
    line = lvmctl("data", "info", "long").out.splitlines()[-1]
    assert line.split()[:5] == ["(none)", "3", "37,035", "37,020", "12,345…12,345…12,345"]
    assert len(line.split()[5].partition(".")[2]) == 3


def test_export_and_import_are_inverse(lvmctl, world, tmp_path):
    lvmctl("data", "split", "store")
    record = _json(lvmctl("data", "export", "store", "--json"), "lvmctl.data.export/1")
    assert record["files"] == {"store_train.npz": 80, "store_val.npz": 10, "store_test.npz": 10}
    files = [tmp_path / "store-npz" / name for name in record["files"]]
    record = _json(
        lvmctl("data", "import", *files, "--out", "back", "--json"), "lvmctl.data.import/1"
    )
    assert [part["articles"] for part in record["splits"]] == [16, 2, 2]
    both = [json.loads(lvmctl("data", "info", f"{s}@val", "--json").out) for s in ("store", "back")]
    assert both[0]["splits"] == both[1]["splits"]


def test_import_says_what_it_left_out(lvmctl, tmp_path):
    chunks = 2 * np.eye(5)
    contexts = np.stack([chunks[:3], chunks[1:4]], axis=1)
    arrays = {"C": contexts, "y": chunks[2:], "metadata": np.array([{}], object)}
    np.savez(tmp_path / "f.npz", **arrays)
    error = lvmctl("data", "import", "f.npz", "--out", "s").err
    assert "not read: metadata (pickled, see --trust-pickle)" in error
    assert "float64; float32 is stored" in error
    assert "3 windows of 2 chunks, 5 chunks in 1 article (overlap)" in error
    assert "normalised when read" in error


def test_embed_and_embed_again_with_the_same_encoder(lvmctl, tmp_path):
    (tmp_path / "texts").mkdir()
    for name in "ab":
        text = "\n\n".join(f"the {name} cat number {i} sat on mat {i % 3}" for i in range(8))
        (tmp_path / "texts" / f"{name}.txt").write_text(text)
    args = ("data", "embed", "texts", "--set", "dim=3", "--set", "max_share=1")
    record = _json(lvmctl(*args, "--out", "s", "--json"), "lvmctl.data.embed/1")
    assert (record["chunks"], record["articles"], record["dim"]) == (16, 2, 3)
    assert record["made"]["encoder_fitted_on"] == "all"
    assert record["texts"]
    assert "dimensions, not" not in lvmctl(*args, "--out", "s", "--force").err
    lvmctl("data", "embed", "texts", "--encoder-from", "s", "--out", "t")
    wide = lvmctl("data", "embed", "texts", "--set", "max_share=1", "--out", "wide")
    assert " dimensions, not 256: the texts are too few" in wide.err
    vectors = [np.load(tmp_path / name / "vectors.npy") for name in "st"]
    assert np.array_equal(*vectors)


def test_embed_refusals(lvmctl, world, tmp_path):
    (tmp_path / "a.txt").write_text("hello world\n\nhello again")
    embed = ("data", "embed", "a.txt", "--out", "s")
    assert "did you mean 'lsa'" in lvmctl(*embed, "--encoder", "las", code=2).err
    assert "did you mean 'dim'" in lvmctl(*embed, "--set", "dims=3", code=2).err
    assert "cannot change" in lvmctl(*embed, "--set", "dim=3", "--encoder-from", "x", code=2).err
    error = lvmctl("data", "embed", "a.txt", "--out", "store", code=6).err
    assert "already exists" in error
    assert "no such file" in lvmctl("data", "embed", "b.txt", "--out", "s", code=3).err
    assert "error: a.txt: 2 texts are too few" in lvmctl(*embed, code=3).err


def test_every_command_has_help_with_an_example(lvmctl):
    for name in ("import", "embed", "synth", "split", "subset", "info", "export"):
        shown = lvmctl("data", name, "--help").out
        assert f"lvmctl data {name}" in shown
        assert "--json" in shown


def test_a_subset_is_named_after_its_source(lvmctl, world, tmp_path, monkeypatch):
    subset = ("data", "subset", "--windows", 10)
    lvmctl("data", "export", "store", "--out", "npz")
    lvmctl(*subset, "store/")
    lvmctl(*subset, "npz/store.npz")
    assert (tmp_path / "npz" / "store-10" / "vectors.npy").exists()
    error = lvmctl(*subset, "synth:topic?articles=10", code=2).err
    assert error == "error: a synthetic world has no place of its own; name one with --out\n"
    lvmctl(*subset, "synth:topic?articles=10", "--out", "topic")
    monkeypatch.chdir(tmp_path / "store")
    lvmctl(*subset, ".", "--force")
    lvmctl("data", "export", ".")
    assert sorted(path.name for path in (tmp_path / "store").iterdir()) == [
        *("hashes.json", "offsets.npy", "store.json", "vectors.npy"),
    ]
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"store", "store-10", "store-npz", "npz", "topic"}


def test_an_empty_path_is_not_the_current_directory(lvmctl, world, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path / "store")
    assert "names no data" in lvmctl("data", "info", "", code=2).err
    assert "names no data" in lvmctl("data", "subset", "", "--windows", 3, code=2).err
    assert "the path is empty" in lvmctl("data", "split", "", code=2).err
    assert "the path is empty" in lvmctl("data", "export", ".", "--out", "", code=2).err


@pytest.mark.parametrize("option", ["--context", "--horizon"])
def test_spans_have_an_end(lvmctl, world, option):
    for value in (10**6 + 1, 10**23):
        error = lvmctl("data", "info", "store", option, value, code=2).err
        assert len(error.splitlines()) == 1
        assert "1<=x<=1000000" in error
    assert "split" in lvmctl("data", "info", "store", option, 10**6).out


def test_jsonl_fields_with_a_meaning_are_checked_before_they_can_hurt(lvmctl, tmp_path):
    record = {"text": "a first text here\n\nand a second text here", "first": "x"}
    (tmp_path / "f.jsonl").write_text(json.dumps(record))
    error = lvmctl("data", "embed", "f.jsonl", "--out", "s", code=3).err
    assert error.startswith("error: f.jsonl:1: has 'x' as first")


LSA = ("--set", "min_texts=1", "--set", "max_share=1", "--set", "dim=4")


def test_show_lists_articles_and_prints_one(lvmctl, tmp_path):
    (tmp_path / "texts").mkdir()
    for name in "ab":
        text = "\n\n".join(f"the {name} cat number {i} sat on mat {i % 3}" for i in range(8))
        (tmp_path / "texts" / f"{name}.txt").write_text(text)
    lvmctl("data", "embed", "texts", "--out", "s", *LSA)
    listed = lvmctl("data", "show", "s").out
    assert "s: 16 chunks in 2 articles" in listed
    shown = json.loads(lvmctl("data", "show", "s", "1", "--chunk", "2", "--json").out)
    assert shown["chunks"][0]["text"] == "the b cat number 2 sat on mat 2"
    assert "the b cat number 2 sat on mat 2" in lvmctl("data", "show", "s", "1").out
    assert "there is no article '9'" in lvmctl("data", "show", "s", "9", code=2).err
    lvmctl("data", "drop", "s", "--article", "0")
    assert "8 chunks in 1 article" in lvmctl("data", "show", "s-kept").out


def test_levels_are_made_with_the_store_or_later(lvmctl, tmp_path):
    lines = [f"Cat number {i} sat down. Dog number {i} stood up." for i in range(8)]
    (tmp_path / "a.txt").write_text("\n\n".join(lines))
    lvmctl("data", "embed", "a.txt", "--out", "s", "--levels", "sentence", *LSA)
    record = json.loads(lvmctl("data", "info", "s/levels/sentence", "--json").out)
    assert (record["name"], record["chunks"]) == ("s/sentence", 16)
    assert "s/levels/tokens: 32 chunks" in lvmctl("data", "level", "s", "tokens", "--size", 3).out
    words = ("data", "embed", "a.txt", "--out", "t", "--levels", "word")
    assert "there is no level 'word'" in lvmctl(*words, code=2).err
    assert not (tmp_path / "t").exists()
