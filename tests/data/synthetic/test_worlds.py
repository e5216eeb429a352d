"""Synthetic worlds against their closed forms, by simulation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from data.synthetic.closed_forms import bayes_cosine, bayes_margins, lag_cosine

import lvmctl
from lvmctl.core.errors import DataError, OutputError, UsageError
from lvmctl.data import Store, Windows, open_split, open_splits, write_store
from lvmctl.data.synthetic.worlds import World, bayes_prediction, plane_basis, simulate, write_world


def _articles(world):
    return np.concatenate(list(simulate(world)))


def _within(samples, expected, deviations=4.5):
    """The mean over articles of (A, …) samples is ``expected`` within its sampling interval."""
    per_article = samples.reshape(len(samples), -1).mean(1)
    error = per_article.std(ddof=1) / math.sqrt(len(per_article))
    assert abs(per_article.mean() - expected) <= deviations * error + 1e-7


WORLDS = [
    World("ar1", articles=300, dim=16),
    World("ar1", articles=300, dim=3, a=-0.5, seed=1),
    World("rotation", articles=300, dim=16),
    World("rotation", articles=300, dim=6, a=0.6, theta=100.0, seed=2),
    World("topic", articles=300, dim=16),
    World("topic", articles=300, dim=3, a=0.5, f=0.6),
    World("iid", articles=300, dim=16),
]


@pytest.mark.parametrize("world", WORLDS, ids=lambda w: f"{w.name}-{w.dim}")
def test_lag_cosines(world):
    x = _articles(world)
    assert np.allclose(np.linalg.norm(x, axis=-1), 1)
    for lag in (1, 2, 3, 7):
        cosines = np.einsum("atd,atd->at", x[:, :-lag], x[:, lag:])
        _within(cosines, lag_cosine(world, lag))


@pytest.mark.parametrize("world", WORLDS[:1] + WORLDS[2:4], ids=lambda w: f"{w.name}-{w.dim}")
@pytest.mark.parametrize("horizon", [1, 2, 3])
def test_bayes_margins(world, horizon):
    context_length = 4
    x = _articles(world)
    last = np.arange(context_length - 1 + horizon, world.chunks - horizon)
    shape = (len(x), len(last), -1)
    contexts = x[:, last[:, None] + np.arange(1 - context_length, 1)]
    q = bayes_prediction(world, contexts.reshape(-1, context_length, world.dim), horizon)
    q = q.reshape(shape)
    assert np.allclose(np.linalg.norm(q, axis=-1), 1)

    def cosine(at):
        return np.einsum("atd,atd->at", q, x[:, at])

    gain = cosine(last + horizon)
    _within(gain, bayes_cosine(world, horizon))
    margins = bayes_margins(world, context_length, horizon)
    _within(gain - cosine(last), margins["last"])
    _within(gain - cosine(last - 1), margins["second_last"])
    _within(gain - cosine(last - (context_length - 1 + horizon)), margins["unseen"])


def test_published_values_of_rotation():
    margins = bayes_margins(World("rotation"), 5)
    expected = {"last": 0.134, "second_last": 0.744, "unseen": 1.195}
    assert margins == pytest.approx(expected, abs=5e-4)
    assert bayes_margins(World("ar1"), 5, 1)["second_last"] == pytest.approx(0)


def test_noise_is_uniform_orthogonal_to_its_argument():
    x = _articles(World("ar1", articles=4000, chunks=2, dim=3, a=0.6, seed=3))
    u = (x[:, 1] - 0.6 * x[:, 0]) / 0.8
    assert np.allclose(np.einsum("nd,nd->n", u, x[:, 0]), 0, atol=1e-12)
    # In the plane orthogonal to x_0 the angle to any fixed direction is uniform.
    pole = np.array([0.0, 0.0, 1.0])
    side = np.cross(pole, x[:, 0])
    side /= np.linalg.norm(side, axis=1, keepdims=True)
    angle = np.arctan2(np.einsum("nd,nd->n", u, np.cross(x[:, 0], side)), (u * side).sum(1))
    counts, _ = np.histogram(angle, 10, (-np.pi, np.pi))
    assert ((counts - 400) ** 2 / 400).sum() < 30  # chi-squared with 9 degrees, p < 0.0005


def test_rotation_turns_every_plane_by_theta():
    world = World("rotation", articles=1, chunks=2, dim=6, a=1.0, theta=25.0)
    x = _articles(world)[0]
    z = x @ plane_basis(world)
    for plane in range(0, 6, 2):
        turned = complex(*z[1, plane : plane + 2]) / complex(*z[0, plane : plane + 2])
        assert math.degrees(np.angle(turned)) == pytest.approx(25)


def test_blocks_do_not_change_the_world(monkeypatch):
    from lvmctl.data.synthetic import worlds as synth

    short = _articles(World("ar1", articles=30, chunks=5, dim=4))
    long = _articles(World("ar1", articles=50, chunks=5, dim=4))
    assert np.array_equal(long[:30], short)
    monkeypatch.setattr(synth, "BLOCK_BYTES", 7 * 5 * 4 * 8)
    blocks = list(simulate(World("ar1", articles=30, chunks=5, dim=4)))
    assert [len(block) for block in blocks] == [7, 7, 7, 7, 2]
    assert not np.allclose(blocks[0][0], blocks[1][0])


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"name": "rotation", "dim": 7}, r"dim is 7, it must be even"),
        ({"name": "topic", "dim": 2}, "at least 3"),
        ({"name": "ar1", "a": 1.5}, "between -1 and 1"),
        ({"name": "topic", "f": 2.0}, "between 0 and 1"),
        ({"name": "ar1", "chunks": 0}, "at least 1"),
        ({"name": "rotatoin"}, "did you mean 'rotation'"),
    ],
)
def test_refused_worlds(values, message):
    with pytest.raises(UsageError, match=message):
        World(**values)


def test_topic_has_no_closed_form_prediction():
    with pytest.raises(UsageError, match="no closed-form prediction"):
        bayes_prediction(World("topic"), np.ones((1, 2, 64)))


def test_source_strings():
    split = open_split("synth:rotation?articles=6&chunks=9&dim=8&a=0.5&theta=20&seed=3")
    assert split.lengths.tolist() == [9] * 6
    assert split.source["encoder"] == {
        "name": "synth",
        "world": "rotation",
        "articles": 6,
        "chunks": 9,
        "dim": 8,
        "a": 0.5,
        "theta": 20.0,
        "seed": 3,
    }
    assert len(Windows(split, 5, 1)) == 24
    assert len(open_splits("synth:ar1?articles=20&chunks=7").val.lengths) == 2
    for text, message in [
        ("synth:ar1?articels=3", "did you mean 'articles'"),
        ("synth:ar1?articles=many", "articles: 'many' is not a whole number"),
        ("synth:shuffled", "names no store"),
    ]:
        with pytest.raises(UsageError, match=message):
            open_split(text)


def test_views_keep_articles_and_change_their_order(make_store):
    store = make_store([5, 9], entries=[{"id": "a", "split": "train"}, {"id": "b", "split": "val"}])
    reverse = open_split(f"synth:reversed?store={store.path}")
    assert np.array_equal(reverse.vectors[:5], store.vectors[:5][::-1])
    assert np.array_equal(reverse.vectors[5:], store.vectors[5:][::-1])
    shuffled = open_split(f"synth:shuffled?store={store.path}&seed=1")
    again = open_split(f"synth:shuffled?store={store.path}&seed=1")
    assert np.array_equal(shuffled.vectors, again.vectors)
    assert not np.array_equal(shuffled.vectors[5:], store.vectors[5:])
    for low, high in ((0, 5), (5, 14)):
        rows = {row.tobytes() for row in store.vectors[low:high]}
        assert {row.tobytes() for row in shuffled.vectors[low:high]} == rows
    assert [article["split"] for article in shuffled.articles] == ["train", "val"]


@pytest.mark.parametrize("source", ["{}@val", "{}%40val&seed=3", "{}&seed=3@val"])
def test_a_view_is_of_the_split_that_its_store_names(make_store, source):
    store = make_store([5, 9], entries=[{"id": "a", "split": "train"}, {"id": "b", "split": "val"}])
    view = open_split("synth:reversed?store=" + source.format(store.path))
    rows = view.vectors[view.starts[0] : view.starts[0] + view.lengths[0]]
    assert np.array_equal(rows, store.vectors[5:][::-1])
    assert [article["id"] for article in view.articles] == ["b"]
    with pytest.raises(UsageError, match="two splits"):
        open_split(f"synth:shuffled?store={store.path}@train&seed=1@val")


def test_a_store_of_a_view_of_one_split(make_store, tmp_path):
    entries = [{"id": "a", "split": "train"}, {"id": "b", "split": "val"}]
    store = make_store([5, 9], entries=entries)
    view = lvmctl.synth("reversed", tmp_path / "v", store=f"{store.path}@val")
    assert len(view) == 9
    assert view.articles[0]["id"] == "b"
    with pytest.raises(DataError, match="has no articles in split 'test'"):
        lvmctl.synth("reversed", tmp_path / "t", store=f"{store.path}@test")
    assert not (tmp_path / "t").exists()


@pytest.mark.parametrize(
    ("source", "what", "hint"),
    [
        ("synth:ar1?nam=1", "'nam'", "there are articles, chunks, dim, a, theta, f, seed"),
        ("synth:ar1?name=iid", "'name'", "there are articles, chunks, dim, a, theta, f, seed"),
        ("synth:ar1?sed=1", "'sed'", "did you mean 'seed'?"),
        ("synth:reversed?sed=1", "'sed'", "did you mean 'seed'?"),
        ("synth:reversed?dim=4", "'dim'", "there are store, seed"),
    ],
)
def test_an_unknown_parameter_is_answered_with_those_there_are(source, what, hint):
    with pytest.raises(UsageError, match=f"there is no parameter {what}") as refused:
        open_split(source)
    assert refused.value.where == source
    assert refused.value.hint == hint


def test_a_view_of_a_negative_seed_is_refused(make_store):
    with pytest.raises(UsageError, match="seed is -1, it must be at least 0"):
        open_split(f"synth:shuffled?store={make_store([5]).path}&seed=-1")


def test_views_of_separate_windows_are_refused(raw_store):
    windows = {"context": 4, "horizon": 2}
    manifest = {"format": "lvmctl.store/1", "windows": windows, "articles": [{}, {}]}
    path = raw_store(offsets=np.array([0, 5, 10]), manifest=manifest)
    with pytest.raises(DataError, match="separate windows"):
        open_split(f"synth:reversed?store={path}")


def test_a_world_survives_the_store(tmp_path):
    from lvmctl.data.synthetic.worlds import write_world

    world = World("iid", articles=3, chunks=4, dim=5)
    with write_store(tmp_path / "s", 5) as writer:
        write_world(writer, world)
    assert np.allclose(Store.open(tmp_path / "s").vectors.reshape(3, 4, 5), _articles(world))


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
@pytest.mark.parametrize("key", ["a", "theta", "f"])
def test_parameters_that_are_no_numbers(key, value):
    with pytest.raises(UsageError, match=f"{key} is {value}, it must be"):
        World("rotation", **{key: value})


@pytest.mark.parametrize(
    ("world", "message"),
    [
        (World("ar1", dim=2_000_000_000), r"ar1: needs [\d,]+ bytes of disk, [\d,]+ are free"),
        (World("iid", articles=10**15, chunks=1, dim=2), "bytes of disk"),
        (World("iid", articles=1, chunks=1, dim=10**30), "bytes of disk"),
        (World("rotation", articles=1, chunks=1, dim=10_000_000), "bytes of memory, this machine"),
    ],
)
def test_worlds_too_large_for_this_machine(tmp_path, world, message):
    with (
        pytest.raises(OutputError, match=message),
        write_store(tmp_path / "store", world.dim) as writer,
    ):
        write_world(writer, world)
    assert list(tmp_path.iterdir()) == []
