"""The fingerprint of an encoder: what it tells apart, and where another one is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest
from edited import edited

import lvmctl
from lvmctl.core.errors import DataError
from lvmctl.data.fingerprint import (
    ALIKE,
    PROBES,
    fingerprint,
    probe_cosine,
    require_one_space,
    space_fault,
)


def encoder(vectors, name="x"):
    return {"name": name, "fingerprint": fingerprint(lambda texts: vectors)}


def rows(seed=0, dim=384):
    return np.random.default_rng(seed).standard_normal((len(PROBES), dim)).astype(np.float32)


def test_it_is_small_plain_data_and_tells_one_space_from_others():
    first = encoder(rows())
    assert len(json.dumps(first)) < 1200
    assert probe_cosine(first, first) == pytest.approx(1, abs=1e-6)
    assert abs(probe_cosine(first, encoder(rows(1)))) < 0.15
    turned = rows() @ np.linalg.qr(rows(2, 384).T @ rows(2, 384) + np.eye(384))[0]
    assert probe_cosine(first, encoder(turned)) < 0.5
    assert probe_cosine(first, encoder(rows(dim=128))) == 0


def test_precision_and_norms_make_no_difference():
    first = encoder(rows())
    rounded = rows() + 0.01 * rows(3)  # bfloat16
    for same in (rows() * np.arange(1, 13)[:, None], rows().astype(np.float16), rounded):
        assert probe_cosine(first, encoder(same)) > ALIKE


def test_a_mean_cosine_of_the_vectors_is_what_is_measured():
    """Half of a common direction, half of what differs."""
    shared, first, second = rows(dim=64), rows(4, 64), rows(5, 64)
    expected = np.mean(
        [
            (a @ b) / np.linalg.norm(a) / np.linalg.norm(b)
            for a, b in zip(shared + first, shared + second)
        ]
    )
    cosine = probe_cosine(encoder(shared + first), encoder(shared + second))
    assert cosine == pytest.approx(expected, abs=0.005)


@pytest.mark.parametrize(
    "unknown",
    [None, "lsa", {"name": "x"}, {"fingerprint": None}, {"fingerprint": {"probes": 0}}]
    + [{"fingerprint": {"probes": 1, "dim": 3, "vectors": broken}} for broken in ("!", "AAAA", 5)],
)
def test_what_has_none_passes(unknown):
    assert probe_cosine(encoder(rows()), unknown) is None
    assert space_fault(unknown, encoder(rows())) is None


def test_an_encoder_that_refuses_a_probe_has_none():
    def refuse(texts):
        raise DataError("a text is too long")

    assert fingerprint(refuse) is None
    assert fingerprint(lambda texts: np.zeros((len(texts), 3))) is None
    assert fingerprint(lambda texts: np.full((len(texts), 3), np.nan)) is None


def test_the_refusal_names_both_and_the_cosine():
    with pytest.raises(DataError) as refused:
        require_one_space(encoder(rows(), "gtr"), encoder(rows(1), "lsa"), "a@val", "the run's")
    message = str(refused.value)
    assert message.startswith(
        "a@val: its vectors lie in another space than the run's (gtr, not lsa)"
    )
    assert "mean cosine of 12 probe sentences is" in message
    assert "embed both with one encoder" in message


WORDS = [f"{first}{last}" for first in ("river", "bridge", "money", "water") for last in "abc"]
WORDS += ["river", "bridge", "money"]


@pytest.fixture(scope="module")
def stores(tmp_path_factory):
    """Three stores of one dimension: a and b by one encoder, c by another of the same name."""
    place = tmp_path_factory.mktemp("stores")

    def texts(seed, words):
        draw = np.random.default_rng(seed)
        return ["\n\n".join(" ".join(draw.choice(words, 6)) for _ in range(12)) for _ in range(24)]

    options = {"min_texts": 1, "max_share": 1.0, "dim": 6}
    lvmctl.embed(texts(0, WORDS), out=place / "a", **options)
    lvmctl.embed(texts(1, WORDS), out=place / "b", encoder_from=place / "a")
    lvmctl.embed(texts(2, WORDS[3:]), out=place / "c", **options)
    return place


def names(stores, *chosen):
    return [str(stores / name) for name in chosen]


def test_a_store_has_it_and_copies_keep_it(stores, tmp_path):
    a, b = (lvmctl.open_store(stores / name) for name in "ab")
    assert a.encoder["fingerprint"]["dim"] == 6
    assert a.encoder["fingerprint"] == b.encoder["fingerprint"]
    assert a.encoder["fingerprint"] != lvmctl.open_store(stores / "c").encoder["fingerprint"]
    copy = a.subset(tmp_path / "copy", 40)
    assert copy.encoder == a.encoder


def test_what_was_embedded_apart_is_not_joined_nor_validated_on(stores):
    from lvmctl.data.splits.open import open_splits

    a, b, c = names(stores, "a", "b", "c")
    assert open_splits(train=[a, b], val=b).train.dim == 6
    for value in (
        {"train": [a, c], "val": b},
        {"train": [a], "val": c},
        {"train": [a], "val": b, "ood": c},
        {"data": a, "ood": c},
    ):
        with pytest.raises(DataError, match=r"another space .* 12 probe sentences .* one|same enc"):
            open_splits(**value)


def test_what_was_embedded_apart_is_not_evaluated_together(stores):
    a, b, c = names(stores, "a", "b", "c")
    assert lvmctl.evaluate_baselines(b, train=[a])
    with pytest.raises(DataError, match="c: its vectors lie in another space than the data to"):
        lvmctl.evaluate_baselines(b, train=[c])


def test_a_saved_encoder_that_has_changed_is_refused(stores, tmp_path):
    import shutil

    changed = shutil.copytree(stores / "a", tmp_path / "a")
    shutil.copy(stores / "c" / "encoder.npz", edited(changed / "encoder.npz"))
    (changed / "chunks.jsonl").unlink()
    with pytest.raises(DataError, match="its encoder gives other vectors now: the mean cosine"):
        lvmctl.embed(["River."], out=tmp_path / "more", encoder_from=changed)


def test_what_has_a_fingerprint_beside_what_has_none_is_noticed_once(stores, tmp_path):
    import shutil

    from lvmctl.data.splits.open import open_splits

    bare = []
    for name in ("x", "y"):
        path = shutil.copytree(stores / "a", tmp_path / name)
        record = json.loads((path / "store.json").read_text())
        del record["encoder"]["fingerprint"]
        edited(path / "store.json").write_text(json.dumps(record))
        bare.append(str(path))
    a, b = names(stores, "a", "b")
    for value, lacking in (
        ({"train": [a, bare[0]], "val": b}, [bare[0]]),
        ({"train": [a], "val": bare[0], "ood": bare[1]}, bare),
        ({"train": [a], "val": b}, []),
        ({"train": bare, "val": bare[1]}, []),
    ):
        found = [each for each in open_splits(**value).notices if "fingerprint" in each]
        assert len(found) == bool(lacking)
        assert all(path in found[0] for path in lacking)
