"""Stores as users have them, and texts that become one."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

import lvmctl
from lvmctl.core.errors import DataError, OutputError, UsageError

WORLD = "synth:topic?articles=20&chunks=12&dim=8"
TEXTS = [
    "Rain fell on the hills.\n\nThe river rose.\n\nThe bridge was closed.",
    "Bread is baked at night.\n\nThe baker sleeps by day.\n\nBread is eaten in the morning.",
    "A cat sat still.\n\nThe mouse moved.\n\nThe cat ran.",
]
LSA = {"min_texts": 1, "max_share": 1.0, "dim": 4}


class Frame:
    """What of a data frame is used: columns, and each by its name."""

    def __init__(self, **columns):
        self.data = columns
        self.columns = list(columns)

    def __getitem__(self, name):
        return np.array(self.data[name], dtype=object)


@pytest.fixture
def saved(tmp_path) -> Path:
    return lvmctl.synth("topic", tmp_path / "saved", articles=20, chunks=12, dim=8).path


@pytest.mark.parametrize(
    ("lengths", "dim", "size"),
    [((1,), 1, "1 chunk of 1 in 1 article"), ((700, 800), 2, "1,500 chunks of 2 in 2 articles")],
)
def test_a_store_says_its_size(tmp_path, lengths, dim, size):
    with lvmctl.write_store(tmp_path / "s", dim=dim) as writer:
        for number, length in enumerate(lengths):
            writer.article({"title": f"{number}"}, np.ones((length, dim), np.float32))
    assert f": {size}>" in repr(lvmctl.open_store(tmp_path / "s"))


@pytest.fixture
def store(tmp_path):
    return lvmctl.embed(TEXTS, out=tmp_path / "store", **LSA)


def test_a_whole_store(saved):
    store = lvmctl.open_store(saved)
    assert (len(store), store.dim, len(store.articles), store.name) == (240, 8, 20, "saved")
    assert (store.vectors.shape, store.texts, store.splits) == ((240, 8), None, {})
    assert store.lengths.tolist() == [12] * 20
    assert store.source == str(saved)
    assert isinstance(store.vectors, np.memmap)


def test_one_split_of_a_store(saved):
    whole, part = lvmctl.open_store(saved), lvmctl.open_store(f"{saved}@val")
    again = whole.split("val")
    assert (len(part), len(part.articles)) == (24, 2)
    assert np.array_equal(part.vectors, again.vectors)
    assert (again.source, again.name) == (f"{saved}@val", "saved@val")
    assert [a["id"] for a in again.articles] == [a["id"] for a in part.articles]
    rows = np.concatenate([np.arange(12) + 12 * a["id"] for a in part.articles])
    assert np.array_equal(part.vectors, whole.vectors[rows])


def test_a_split_of_a_split_is_refused(saved):
    with pytest.raises(UsageError, match="saved@val: is already the split val"):
        lvmctl.open_store(f"{saved}@val").split("train")


def test_windows_of_a_split_stay_in_it(saved):
    part = lvmctl.open_store(saved).split("train")
    windows = part.windows(context=4, horizon=2)
    assert len(windows) == 16 * (12 - 5)
    assert set(windows.article) == set(range(16))
    assert np.allclose(windows.context(np.array([0]))[0], part.vectors[:4], atol=1e-6)


@pytest.mark.parametrize("source", [WORLD, f"{WORLD}@train", "npz", "path"])
def test_every_source_opens(source, saved, tmp_path):
    if source == "npz":
        lvmctl.open_store(saved).export_npz(tmp_path / "npz")
        source = tmp_path / "npz" / "saved.npz"
    source = saved if source == "path" else source
    store = lvmctl.open_store(source)
    assert store.dim == 8
    assert np.array_equal(lvmctl.open_store(store).vectors, store.vectors)
    assert np.array_equal(lvmctl.open_store(store.source).vectors, store.vectors)


def test_what_is_no_store_is_refused(tmp_path):
    with pytest.raises(DataError, match="no such store"):
        lvmctl.open_store(tmp_path / "nothing")
    with pytest.raises(UsageError, match="names no data"):
        lvmctl.open_store("")
    with pytest.raises(DataError, match=r"nothing@tset.*there is no split 'tset'.*@test"):
        lvmctl.open_store(f"{tmp_path / 'nothing'}@tset")


def test_splits_are_written(saved):
    counts = lvmctl.open_store(saved).assign_splits(val=0.2, test=0.0)
    assert counts == {"train": 16, "val": 4} == lvmctl.open_store(saved).splits
    for other in (WORLD, f"{saved}@val"):
        with pytest.raises(UsageError, match="is not a whole store: its manifest cannot change"):
            lvmctl.open_store(other).assign_splits(force=True)


def test_a_subset_is_written(saved, tmp_path):
    small = lvmctl.open_store(saved).subset(tmp_path / "small", 20, context=3)
    assert len(small.articles) == 3
    large = lvmctl.open_store(saved).subset(tmp_path / "large", 999)
    assert large.notices[0] == "saved has only 140 windows"
    with pytest.raises(OutputError, match="exists"):
        lvmctl.open_store(saved).subset(tmp_path / "small", 20)


def test_an_article_is_read_by_its_id_or_its_number(store):
    shown = store.article(1)
    assert (shown["length"], [chunk["place"] for chunk in shown["chunks"]]) == (3, [0, 1, 2])
    assert shown["chunks"][0] == {"place": 0, "text": "Bread is baked at night.", "cosine": None}
    rows = np.asarray(store.vectors[3:6], np.float64)
    cosines = [chunk["cosine"] for chunk in shown["chunks"][1:]]
    assert cosines == pytest.approx([rows[1] @ rows[0], rows[2] @ rows[1]], abs=1e-6)
    assert store.article("2", chunk=2)["chunks"][0]["text"] == "The cat ran."
    with pytest.raises(UsageError, match="there is no article 'x'"):
        store.article("x")
    with pytest.raises(UsageError, match="article 0 has chunks 0 to 2, no 3"):
        store.article(0, chunk=3)


def test_articles_are_dropped(store, tmp_path):
    rest = store.drop(tmp_path / "kept", [1])
    assert rest.texts == [*store.texts[:3], *store.texts[6:]]
    assert np.array_equal(rest.vectors, np.delete(store.vectors, [3, 4, 5], axis=0))
    assert [article["id"] for article in rest.articles] == [0, 2]
    with pytest.raises(UsageError, match="there is no article"):
        store.drop(tmp_path / "none", [7])
    with pytest.raises(DataError, match="all its articles would be dropped"):
        store.drop(tmp_path / "none", [0, 1, 2])
    assert not (tmp_path / "none").exists()


def test_exported_windows_carry_their_texts(tmp_path):
    text = "\n\n".join(f"chunk number {i} of a text" for i in range(9))
    store = lvmctl.embed([text, text.upper()], out=tmp_path / "s", **LSA)
    store.export_npz(tmp_path / "npz", context=3)
    (file,) = (tmp_path / "npz").iterdir()
    again = lvmctl.import_npz([file], tmp_path / "again", trust_pickle=True)
    assert again.texts == store.texts
    assert lvmctl.import_npz([file], tmp_path / "bare").texts is None


def test_one_split_is_exported_alone(saved, tmp_path):
    whole = lvmctl.open_store(saved)
    whole.assign_splits()
    assert lvmctl.open_store(f"{saved}@val").export_npz(tmp_path / "one") == {"saved_val.npz": 14}
    assert len(lvmctl.open_store(saved).export_npz(tmp_path / "all")) == 3


# ---------------------------------------------------------------------- texts


def test_texts_become_chunks_and_vectors(store, tmp_path):
    assert (len(store), len(store.articles), store.path) == (9, 3, tmp_path / "store")
    assert store.texts[3] == "Bread is baked at night."
    assert store.encoder["name"] == "lsa"
    assert np.allclose(np.linalg.norm(store.vectors, axis=1), 1, atol=1e-6)


@pytest.mark.parametrize(
    "form",
    ["chunks", "records", "records of chunks", "frame", "folder", "paths", "jsonl", "generator"],
)
def test_every_form_of_the_same_texts_gives_the_same_store(form, store, tmp_path):
    chunks = [text.split("\n\n") for text in TEXTS]
    folder = tmp_path / "texts"
    folder.mkdir()
    for number, text in enumerate(TEXTS):
        (folder / f"{number}.txt").write_text(text)
    (tmp_path / "texts.jsonl").write_text("\n".join(json.dumps({"text": t}) for t in chunks))
    frame = {
        "chunks": chunks,
        "records": [{"text": text, "title": "x"} for text in TEXTS],
        "records of chunks": [{"text": each} for each in chunks],
        "frame": Frame(text=TEXTS, year=[1999, None, np.int64(2001)]),
        "folder": str(folder),
        "paths": sorted(folder.iterdir()),
        "jsonl": tmp_path / "texts.jsonl",
        "generator": (text for text in TEXTS),
    }[form]
    opened = lvmctl.embed(frame, out=tmp_path / "again", **LSA)
    assert opened.texts == store.texts
    assert np.array_equal(opened.vectors, store.vectors)
    if form == "frame":
        assert [article.get("year") for article in opened.articles] == [1999, None, 2001]


def test_an_encoder_learns_from_the_training_articles_alone(tmp_path):
    texts = [{"text": text, "split": split} for text, split in zip(TEXTS, ("train", "val", "ood"))]
    store = lvmctl.embed(texts, out=tmp_path / "s", **LSA)
    assert store.splits == {"train": 1, "val": 1, "ood": 1}
    assert store.describe()["made"]["encoder_fitted_on"] == "train"
    words = {word for word in TEXTS[0].lower().replace(".", " ").split() if len(word) > 1}
    assert store.encoder["terms"] == len(words)


def test_a_saved_encoder_reads_other_texts(store, tmp_path):
    other = lvmctl.embed(TEXTS[:1], out=tmp_path / "other", encoder_from=store.path)
    assert np.array_equal(other.vectors, store.vectors[:3])
    with pytest.raises(UsageError, match="a saved encoder keeps its options, dim cannot change"):
        lvmctl.embed(TEXTS, out=tmp_path / "no", encoder_from=store.path, dim=2)


def test_options_of_the_name_of_a_parameter_have_a_place(tmp_path):
    store = lvmctl.embed(TEXTS, out=tmp_path / "s", options={"dim": "2"}, **LSA | {"dim": 3})
    assert store.dim == 3
    assert lvmctl.embed(TEXTS, out=tmp_path / "t", options=LSA | {"dim": "2"}).dim == 2


@pytest.mark.parametrize(
    ("texts", "message"),
    [
        ([], "there is no text to embed"),
        (7, "texts: is of type int"),
        ([" "], "has no text"),
        (["a", 7], r'texts\[1\]: has no string "text"'),
        ([["a", " "]], r"texts\[0\]: chunk 1 is empty"),
        ([["a", 7]], r"texts\[0\]: chunk 1 is not a string"),
        ([{"title": "a"}], r'texts\[0\]: has no string "text"'),
        ([{"text": "a", "split": "other"}], r"texts\[0\]: is in split 'other'"),
        ([{"text": "a", "when": object()}], r"texts\[0\]: has a field that cannot be stored"),
        (["\ud800"], r"texts\[0\]: holds \\ud800, half of a character"),
        (Frame(body=["a"]), r"has no column 'text' \(there are body\)"),
        (Frame(text=["a", None]), r'texts\[1\]: has no string "text"'),
        (Path("nothing"), "no such file or folder"),
    ],
)
def test_what_are_no_texts_is_refused(texts, message, tmp_path):
    with pytest.raises(DataError, match=message):
        lvmctl.embed(texts, out=tmp_path / "s", **LSA)
    assert not (tmp_path / "s").exists()


def test_how_to_embed_is_checked(tmp_path, store):
    with pytest.raises(UsageError, match="unknown chunk 'word'"):
        lvmctl.embed(TEXTS, out=tmp_path / "s", chunk="word")
    with pytest.raises(UsageError, match="no encoder 'nothing'"):
        lvmctl.embed(TEXTS, "nothing", out=tmp_path / "s")
    with pytest.raises(UsageError, match="unknown option 'dims', did you mean 'dim'"):
        lvmctl.embed(TEXTS, out=tmp_path / "s", dims=3)
    with pytest.raises(OutputError, match="exists"):
        lvmctl.embed(TEXTS, out=store.path, **LSA)
