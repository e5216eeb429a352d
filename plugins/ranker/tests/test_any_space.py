"""P9 serves stores of any encoder; what it fitted in one space is unknown in another."""

from __future__ import annotations

import base64
import json
from functools import cache
from pathlib import Path

import numpy as np
import pytest
from numpy.testing import assert_allclose

import lvmctl

PLACES = ("in_article.filtered.r@1", "in_article.filtered.r@5", "in_article.filtered.mrr@10")


def fingerprint(seed: int, dim: int) -> dict:
    """What a manifest says of an encoder: other seeds are other spaces."""
    rows = np.random.default_rng(seed).integers(-127, 127, (12, min(dim, 64)), np.int8)
    vectors = base64.b64encode(rows.tobytes()).decode()
    return {"name": f"e{seed}", "fingerprint": {"probes": 1, "dim": dim, "vectors": vectors}}


def turned(store: Path, out: Path, turn: np.ndarray, seed: int) -> Path:
    """A store of the same articles, its chunks times ``turn`` (D, D'), as by another encoder."""
    manifest = json.loads((store / "store.json").read_text())
    manifest |= {"dim": turn.shape[1], "encoder": fingerprint(seed, turn.shape[1])}
    del manifest["content_hash"]
    out.mkdir()
    np.save(out / "vectors.npy", (np.load(store / "vectors.npy") @ turn).astype(np.float32))
    np.save(out / "offsets.npy", np.load(store / "offsets.npy"))
    (out / "store.json").write_text(json.dumps(manifest))
    return out


def rotation(seed: int, dim: int, wide: int) -> np.ndarray:
    """(dim, wide) with orthonormal rows."""
    noise = np.random.default_rng(seed).standard_normal((wide, dim))
    return np.linalg.qr(noise)[0].T


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Stores of one text in three spaces, and runs of P9 and P8 trained in the first."""
    place = tmp_path_factory.mktemp("spaces")
    made = lvmctl.synth("topic", place / "made", articles=60, chunks=24, dim=16, a=0.5)
    made.assign_splits()
    own = turned(made.path, place / "own", np.eye(16), seed=0)
    turned(made.path, place / "stranger", np.eye(16), seed=1)
    turned(made.path, place / "turned", rotation(3, 16, 16), seed=2)
    turned(made.path, place / "wide", rotation(4, 16, 24), seed=3)
    lvmctl.train("p9", data=own, epochs=2, context=4, out=place / "p9")
    return place


@cache
def figures(place: Path, store: str) -> list[float]:
    done = lvmctl.evaluate(place / "p9", place / f"{store}@val", global_pool=False).to_dict()
    row = done["predictors"]["p9"]
    return [lvmctl.get_number(row, path) for path in PLACES] + [row["cos_next"]]


def test_a_turned_or_wider_store_gives_the_figures_of_the_same_text_as_a_stranger(place):
    stranger = figures(place, "stranger")
    assert_allclose(figures(place, "turned"), stranger, atol=1e-5)
    assert_allclose(figures(place, "wide"), stranger, atol=1e-5)
    own = figures(place, "own")
    assert own[-1] == pytest.approx(stranger[-1], abs=1e-6)  # q has nothing that was fitted
    assert abs(own[2] - stranger[2]) > 1e-3  # the ranker had


def test_baselines_that_learn_do_so_in_the_space_of_the_store(place):
    def done(**more):
        return lvmctl.evaluate(place / "p9", place / "wide@val", **more).to_dict()

    alone = done()
    assert "ridge" in alone["left_out"]
    assert any("counts as unknown" in notice for notice in alone["notices"])
    assert "ridge" in done(train=place / "wide@train")["predictors"]
    with pytest.raises(lvmctl.DataError, match="dimension 16, the data to evaluate on has 24"):
        done(train=place / "own@train")


def test_a_comparison_and_the_five_tests_of_another_space(place, monkeypatch):
    blocks = {1: (1, 1), 256: (1, 1)}
    monkeypatch.setattr("lvmctl.evaluation.fivecat.latency.BLOCKS", blocks)
    compared = lvmctl.compare([place / "p9"], data=place / "wide@val").to_dict()
    row = compared["predictors"]["p9"]
    assert_allclose([lvmctl.get_number(row, path) for path in PLACES], figures(place, "wide")[:3])
    five = lvmctl.Run(place / "p9").fivecat(data=place / "wide@val", save=False)
    assert five.to_dict()["predictors"]["p9"]["cos_next"] == pytest.approx(row["cos_next"])


def test_a_loaded_model_ranks_vectors_of_any_width(place):
    model, turn = lvmctl.load(place / "p9"), rotation(5, 16, 40)
    chunks = np.load(place / "own/vectors.npy")[:24]
    wide = (chunks @ turn).astype(np.float32)
    ranking = model.rank(wide[:4], wide[4:], top=None)
    other = (chunks @ rotation(6, 16, 24)).astype(np.float32)
    again = model.rank(other[:4], other[4:], top=None)
    assert_allclose(np.sort(ranking.scores), np.sort(again.scores), atol=1e-4)
    assert (ranking.indices == again.indices).all()
    assert model.predict(wide[:4]).shape == (40,)
    with pytest.raises(lvmctl.DataError, match="vectors of 24 numbers, not 40"):
        model.rank(wide[:4], other[4:])


def test_other_models_are_refused_other_spaces(place):
    small = {"layers": 1, "width": 8, "heads": 2}
    run = lvmctl.train("p8", data=place / "own", epochs=1, out=place / "p8", sequence=small)
    with pytest.raises(lvmctl.DataError, match="dimension 24, the run was trained on 16"):
        run.evaluate(place / "wide@val")
    with pytest.raises(lvmctl.DataError, match="another space"):
        run.evaluate(place / "turned@val")
    with pytest.raises(lvmctl.DataError, match="vectors of 24 numbers"):
        lvmctl.load(run).predict(np.ones((4, 24)))


def test_a_transform_holds_a_run_to_its_space(place):
    run = lvmctl.train(
        "p9", data=place / "own", epochs=1, out=place / "centred", transform="centred"
    )
    with pytest.raises(lvmctl.DataError, match="transform centred was fitted"):
        run.evaluate(place / "wide@val")
    with pytest.raises(lvmctl.DataError, match="vectors of 24 numbers"):
        lvmctl.load(run).predict(np.ones((4, 24)))
