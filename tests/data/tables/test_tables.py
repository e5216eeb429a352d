"""Tables as others have them: data sets on disk, documents, frames, odd and broken columns."""

from __future__ import annotations

import json

import numpy as np
import pytest

import lvmctl
from lvmctl.core.errors import DataError, OutputError

pa = pytest.importorskip("pyarrow")
pq = pytest.importorskip("pyarrow.parquet")

ROWS = np.random.default_rng(0).standard_normal((12, 4)).astype("float32")


def taken(data, tmp_path, **options):
    store = lvmctl.store_from(data, tmp_path / "store", **options)
    return store, " ".join(store.notices)


def columns(**more):
    return {"vector": ROWS, "article": np.repeat([4, 2], 6), **more}


def saved(folder, table, files=2):
    """A data set as ``datasets`` saves it: Arrow streams, and what describes them."""
    folder.mkdir(parents=True)
    names = [f"data-{i:05}-of-{files:05}.arrow" for i in range(files)]
    size = -(-len(table) // files)
    for number, name in enumerate(names):
        part = table.slice(number * size, size)
        with (
            pa.OSFile(str(folder / name), "wb") as file,
            pa.ipc.new_stream(file, part.schema) as to,
        ):
            to.write_table(part, 2)
    (folder / "dataset_info.json").write_text("{}")
    state = {"_data_files": [{"filename": name} for name in names], "_indices_files": None}
    (folder / "state.json").write_text(json.dumps(state))


def test_a_hugging_face_data_set_on_disk(tmp_path):
    table = pa.table({"embedding": list(ROWS), "text": list("abcdefghijkl"), "doc_id": ["x"] * 12})
    saved(tmp_path / "set" / "train", table)
    saved(tmp_path / "set" / "validation", table.slice(0, 4), 1)
    (tmp_path / "set" / "dataset_dict.json").write_text('{"splits": ["train", "validation"]}')
    store, said = taken(tmp_path / "set", tmp_path)
    assert store.lengths.tolist() == [12, 4]
    assert [entry["split"] for entry in store.articles] == ["train", "val"]
    assert np.array_equal(store.vectors[:12], ROWS)
    assert store.texts[12:] == list("abcd")
    assert "vector = embedding, text, article = doc_id" in said


def test_a_selection_beside_a_data_set_is_refused(tmp_path):
    saved(tmp_path / "set", pa.table({"vector": list(ROWS)}))
    state = json.loads((tmp_path / "set" / "state.json").read_text())
    state["_indices_files"] = [{"filename": "indices.arrow"}]
    (tmp_path / "set" / "state.json").write_text(json.dumps(state))
    with pytest.raises(DataError, match="flatten_indices"):
        taken(tmp_path / "set", tmp_path)


def test_documents_as_the_large_concept_model_has_them(tmp_path):
    table = pa.table(
        {
            "text_sentences": [["a", "b", "c"], [], ["d", "e"]],
            "text_sentences_sonar_emb": [list(ROWS[:3]), [], list(ROWS[3:5])],
            "title": ["One", "None", None],
        }
    )
    for split, part in (("train", table), ("validation", table.slice(2))):
        (tmp_path / "lcm" / f"split={split}").mkdir(parents=True)
        pq.write_table(part, tmp_path / "lcm" / f"split={split}" / "0.parquet")
    store, said = taken(tmp_path / "lcm", tmp_path)
    assert store.lengths.tolist() == [3, 2, 2]
    assert store.articles[0] == {"id": 0, "title": "One", "split": "train"}
    assert store.articles[2] == {"id": 2, "split": "val"}
    assert np.array_equal(store.vectors[:5], ROWS[:5])
    assert store.texts == list("abcdede")
    assert "1 row without chunks left out" in said


def test_numbered_articles_come_in_order_and_float64_is_stored_as_float32(tmp_path):
    store, _ = taken(columns(vector=ROWS.astype("float64")), tmp_path)
    assert [entry["id"] for entry in store.articles] == [2, 4]
    assert np.array_equal(store.vectors, np.concatenate([ROWS[6:], ROWS[:6]]))


class Frame(dict):
    """A data frame, as far as it matters: columns by name, cells of NumPy."""

    columns = ("vector", "article", "title")


def test_a_frame_has_columns(tmp_path):
    data = Frame(vector=list(ROWS), article=np.repeat([0, 1], 6), title=["A"] * 6 + [np.nan] * 6)
    store, _ = taken(data, tmp_path)
    assert store.articles == [{"id": 0, "title": "A"}, {"id": 1}]


def test_positions_order_cut_and_count_from_one(tmp_path):
    order = np.random.default_rng(3).permutation(12)
    places = np.tile(np.arange(6), 2)
    mixed = {key: np.asarray(value)[order] for key, value in columns(position=places).items()}
    store, _ = taken(mixed, tmp_path)
    assert np.array_equal(store.vectors, np.concatenate([ROWS[6:], ROWS[:6]]))
    mixed["position"] = mixed["position"] + 1
    again = taken(mixed, tmp_path, force=True)[0]
    assert again.articles == store.articles
    gap = np.where(places > 2, places + 1, places) * (np.arange(12) > 5) + places * (
        np.arange(12) < 6
    )
    store, said = taken(columns(position=gap), tmp_path, force=True)
    assert store.lengths.tolist() == [3, 3, 6]
    assert [entry.get("first") for entry in store.articles] == [None, 4, None]
    assert "missing at 1 place;" in said
    seconds = taken(columns(position=places * 100), tmp_path, force=True)
    assert seconds[0].lengths.tolist() == [6, 6]
    assert "they give the order alone" in seconds[1]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (columns(position=np.zeros(12, int)), "are both chunk 0 of an article"),
        (columns(split=["train"] * 5 + ["val"] + ["test"] * 6), "an article is of one split"),
        (columns(split=["kept"] * 12), "splits are train, val, test, ood"),
        (columns(article=[None, *"abcdefghijk"]), "names no article"),
        ({"vector": [*ROWS[:11], ROWS[0, :2]]}, "vectors of 2 and 4 numbers"),
        ({"vector": np.zeros((2, 4))}, "chunk 0 is a zero vector"),
        ({"text": ["a", "b"]}, "has no column of vectors"),
        ({"a": ROWS, "b": ROWS}, "choose one with --columns vector=a"),
        ({"vector": ROWS, "article": [1]}, "columns of 1 and 12 rows"),
        (pa.table({"vector": [[1.0], None]}), "has a row without a vector"),
        (pa.table({"vector": [[1.0, None]]}), "a number missing"),
        (7, "is of type int"),
    ],
)
def test_what_does_not_fit_is_refused(data, said, tmp_path):
    with pytest.raises(DataError, match=said):
        taken(data, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_rows_of_no_article_are_one_and_that_is_said(tmp_path):
    store, said = taken({"vector": ROWS}, tmp_path)
    assert store.lengths.tolist() == [12]
    assert "--columns article=" in said
    with pytest.raises(OutputError):
        taken({"vector": ROWS}, tmp_path)
