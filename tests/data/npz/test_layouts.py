"""Files as the published project's scripts write them → the articles they were made from."""

from __future__ import annotations

import numpy as np
import pytest
from data.npz.conftest import objects

import lvmctl
from lvmctl.core.errors import DataError
from lvmctl.data import Windows, open_split
from lvmctl.data.splits.sources import Source

K = 5
LENGTHS = (30, 6, 24, 41)
STARTS = np.cumsum([0, *LENGTHS])
ALL = range(len(LENGTHS))


@pytest.fixture
def rows(unit_rows):
    """Vectors of all articles; two of them have a passage of three chunks in common."""
    made = unit_rows(sum(LENGTHS))
    made[50:53] = made[10:13]
    return made


@pytest.fixture
def two_windows(rows):
    """Two windows that share nothing, as arrays."""
    targets = {"y": rows[6:8], "target_indices": np.array([3, 3])}
    return {"C": rows[:6].reshape(2, 3, -1), **targets}


@pytest.fixture
def files(rows, tmp_path):
    """The eight layouts, by name."""
    article = np.repeat(np.arange(len(LENGTHS)), LENGTHS)
    position = np.arange(len(rows)) - STARTS[article]
    texts = [f"chunk {a}.{p}" for a, p in zip(article, position)]

    def starts(span, chosen=ALL):
        return np.concatenate([np.arange(STARTS[a], STARTS[a + 1] - span) for a in chosen])

    def contexts(start):
        return rows[start[:, None] + np.arange(K)]

    def windows(start, span=K):
        return {"context_sequences": contexts(start), "target_vectors": rows[start + span]}

    inside, every, two = starts(K), np.arange(len(rows) - K), starts(K + 1)
    places = [
        {
            "article_index": int(article[i + K]),
            "last_context_article": int(article[i + K - 1]),
            "target_chunk_index": int(position[i + K]),
            "crosses_article": bool(article[i + K - 1] != article[i + K]),
        }
        for i in every
    ]
    ahead = [
        {"article_index": int(article[i]), "target_chunk_index": int(position[i + K + 1])}
        for i in two
    ]
    mixed = np.random.default_rng(1).permutation(inside)
    split = {"": starts(K, [0, 1]), "val_": starts(K, [2]), "test_": starts(K, [3])}
    layouts = {
        "windows_only": {"contexts": contexts(inside), "targets": rows[inside + K]},
        "windows_shuffled": {"contexts": contexts(mixed), "targets": rows[mixed + K]},
        "article_ids_only": windows(inside) | {"article_ids": article[inside]},
        "metadata": windows(every)
        | {
            "metadata": objects(*places),
            "context_texts": objects(*(texts[i : i + K] for i in every)),
            "target_texts": objects(*(texts[i + K] for i in every)),
            "context_length": K,
        },
        "p6": windows(two, K + 1) | {"metadata": objects(*ahead), "p6_offset": 1},
        "splits_in_one": {
            prefix + key: value
            for prefix, start in split.items()
            for key, value in windows(start).items()
        },
        "bank": {"vectors": rows, "article_ids": article, "concept_texts": np.array(texts)},
        "narrative": {
            "contexts": contexts(inside),
            "targets": rows[inside + K],
            "delta": np.zeros(len(inside)),
            "source_file_idx": article[inside],
        },
    }
    for name, arrays in layouts.items():
        np.savez(tmp_path / f"{name}.npz", **arrays)
    return {name: tmp_path / f"{name}.npz" for name in layouts}


def taken(files, name, tmp_path, **options):
    return lvmctl.import_npz([files[name]], tmp_path / "store", **options)


def articles(path):
    """Each article as the bytes of its vectors."""
    split = open_split(str(path))
    bounds = zip(split.starts, split.starts + split.lengths)
    return sorted(np.asarray(split.vectors[low:high]).tobytes() for low, high in bounds)


def whole(rows, places=ALL):
    return sorted(rows[STARTS[a] : STARTS[a + 1]].tobytes() for a in places)


@pytest.mark.parametrize(
    ("name", "how"),
    [
        ("windows_only", "overlap"),
        ("windows_shuffled", "overlap"),
        ("article_ids_only", "overlap inside article ids"),
        ("metadata", "metadata"),
        ("splits_in_one", "overlap"),
        ("bank", "chunks in a bank"),
        ("narrative", "overlap"),
    ],
)
def test_the_articles_come_back(files, rows, tmp_path, name, how):
    store = taken(files, name, tmp_path, trust_pickle=True)
    assert articles(tmp_path / "store") == whole(rows)
    assert f"({how})" in store.notices[0]


@pytest.mark.parametrize("trust", [True, False])
def test_windows_that_look_two_ahead_come_back_but_for_an_article_of_one_window(
    files, rows, tmp_path, trust
):
    rows_of_one = LENGTHS.index(6)  # K chunks, one that is in no window, and the target
    store = taken(files, "p6", tmp_path, trust_pickle=trust)
    assert LENGTHS[rows_of_one] < K + 2
    assert articles(tmp_path / "store") == whole(rows, [0, 2, 3])
    assert len(Windows(open_split(str(tmp_path / "store")), K, 2)) == 95 - 3 * (K + 1)
    assert "(metadata)" in store.notices[0] if trust else "(overlap)" in store.notices[0]


def test_windows_across_articles_are_left_out_and_counted(files, tmp_path):
    store = taken(files, "metadata", tmp_path, trust_pickle=True)
    assert f"{K * 3} windows across two articles left out" in " ".join(store.notices)


def test_without_trust_windows_over_everything_are_one_article_and_that_is_said(files, tmp_path):
    store = taken(files, "metadata", tmp_path)
    assert len(store.articles) == 1
    notices = " ".join(store.notices)
    assert "it is one article; if it holds several, say which with article_ids" in notices
    assert "metadata (pickled, see --trust-pickle)" in notices


def test_splits_of_one_file_are_splits_of_the_store(files, tmp_path):
    store = taken(files, "splits_in_one", tmp_path)
    assert store.splits == {"train": 2, "val": 1, "test": 1}


def test_texts_travel(files, tmp_path):
    taken(files, "metadata", tmp_path, trust_pickle=True)
    lines = list(Source.parse(str(tmp_path / "store")).open().texts())
    assert lines[:2] == ["chunk 0.0", "chunk 0.1"]
    assert lines[-1] == f"chunk 3.{LENGTHS[3] - 1}"
    assert len(lines) == sum(LENGTHS)
    store = lvmctl.import_npz([files["bank"]], tmp_path / "again")
    assert len(store) == sum(LENGTHS)
    assert list(Source.parse(str(tmp_path / "again")).open().texts()) == lines


def test_a_bank_gives_windows_without_ids_their_articles(files, rows, tmp_path):
    store = taken(files, "windows_shuffled", tmp_path, articles=files["bank"])
    assert articles(tmp_path / "store") == whole(rows)
    assert "(bank, by equal rows)" in store.notices[0]
    assert [article["id"] for article in store.articles] == [0, 1, 2, 3]


def test_what_was_not_read_is_named(files, tmp_path):
    notices = " ".join(taken(files, "narrative", tmp_path).notices)
    assert "not read: delta, source_file_idx" in notices


def test_a_bare_file_is_a_source_that_says_the_same(files, rows):
    split = open_split(str(files["windows_shuffled"]))
    assert split.lengths.tolist() != [K + 1] * len(split.lengths)
    assert sorted(split.lengths.tolist()) == sorted(LENGTHS)
    assert "(overlap)" in split.notices[0]


def test_splits_that_cut_through_articles_are_reported(rows, tmp_path):
    start = np.arange(40 - K)
    for name, chosen in (("train", start[::2]), ("val", start[1::2])):
        arrays = {"C": rows[chosen[:, None] + np.arange(K)], "y": rows[chosen + K]}
        np.savez(tmp_path / f"{name}.npz", **arrays)
    both = [tmp_path / "train.npz", tmp_path / "val.npz"]
    notices = " ".join(lvmctl.import_npz(both, tmp_path / "store").notices)
    assert "of its chunks are training chunks too: the splits cut through articles" in notices


@pytest.mark.parametrize(
    ("ids", "names"),
    [
        (np.array([True, False]), [1, 0]),
        (np.array([b"a", "é".encode()]), ["a", "é"]),
        (np.array([2.0, 5.0]), [2, 5]),
        (np.array([0.5, 1.5]), ["0.5", "1.5"]),
        (np.array([1, (1 << 64) - 1], np.uint64), ["1", "18446744073709551615"]),
        (np.array(["x", "y"]), ["x", "y"]),
        (np.array(["a", "b\udcff"]), ["a", "b\udcff"]),
        (objects("a", 1), ["a", "1"]),
        (objects(b"a", b"\xff"), ["a", "\\xff"]),
        (objects(3, 4), [3, 4]),
    ],
)
def test_ids_of_any_type_name_articles(two_windows, imported, ids, names):
    assert [article["id"] for article in imported(**two_windows, article_ids=ids).articles] == names


@pytest.mark.parametrize(
    ("ids", "message"),
    [
        (objects([1], [1, 2]), "lists of unequal lengths"),
        (objects(b"a", None), "holds None as id 1"),
        (np.zeros(2, "V4"), r"is \|V4, not ids"),
        (np.zeros(2, complex), "is complex128, not ids"),
        (np.zeros(2, [("a", "i4")]), "not ids"),
    ],
)
def test_values_that_are_no_ids(two_windows, imported, ids, message):
    with pytest.raises(DataError, match=rf"\[article_ids\]: .*{message}"):
        imported(**two_windows, article_ids=ids)


HUGE = np.uint64((1 << 64) - 1)


@pytest.mark.parametrize(
    ("key", "value", "message"),
    [
        ("p6_offset", np.array(HUGE), r"\[p6_offset\]: is not one number from 0 to 999999"),
        ("p6_offset", np.array(10**15), r"is not one number from 0"),
        ("target_indices", np.array([3, HUGE], np.uint64), r"18446744073709551615, beyond int64"),
    ],
)
def test_numbers_out_of_range(two_windows, imported, key, value, message):
    with pytest.raises(DataError, match=message):
        imported(**{**two_windows, "article_ids": np.array([0, 1]), key: value})


def test_positions_that_leave_no_room_for_the_window_are_not_used(rows, imported):
    start = np.arange(10)
    arrays = {"C": rows[start[:, None] + np.arange(3)], "y": rows[start + 3]}
    store = imported(**arrays, article_ids=np.zeros(10, int), target_indices=start)
    assert len(store) == 13
    assert "its positions are not used" in " ".join(store.notices)


def test_titles_are_given_by_window_or_by_article(rows, imported):
    arrays = {"vectors": rows[:8], "article_ids": np.repeat([1, 0], 4)}
    store = imported(**arrays, article_titles=np.array(["Zero", "One"]))
    assert [article["title"] for article in store.articles] == ["One", "Zero"]


def test_texts_of_the_wrong_number_are_refused(rows, imported):
    arrays = {"vectors": rows[:8], "article_ids": np.repeat([1, 0], 4)}
    with pytest.raises(DataError, match=r"\[texts\]: does not hold \(8,\) texts"):
        imported(**arrays, texts=np.array(["a", "b"]))


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
@pytest.mark.parametrize(
    ("change", "message"),
    [
        (np.asfortranarray, "is in Fortran order"),
        (lambda array: array.astype(">f4"), ">f4; float32 is stored"),
        (lambda array: np.asfortranarray(array.astype(">f8")), ">f8; float32 is stored"),
    ],
)
def test_arrays_of_another_order_or_type_are_converted_with_a_notice(
    rows, tmp_path, imported, change, message, save
):
    start = np.arange(20)
    arrays = {"C": rows[start[:, None] + np.arange(3)], "y": rows[start + 3]}
    store = imported(save, **{key: change(array) for key, array in arrays.items()})
    assert articles(tmp_path / "store") == [rows[:23].tobytes()]
    assert message in " ".join(store.notices)
