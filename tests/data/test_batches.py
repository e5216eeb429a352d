"""Batches, field by field, against the windows they are built from."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import example, given
from hypothesis import strategies as st

from lvmctl.core.batch import FIELDS
from lvmctl.data import Split, Windows, open_split
from lvmctl.data.batches import BatchBuilder, in_batch_mask
from lvmctl.data.sampling import generator

FREE = {"context", "target", "last", "second_last", "article", "position"}
LENGTHS = [9, 6, 14]


def rows_of(windows: Windows) -> np.ndarray:
    """All stored chunks in float64 at unit norm."""
    rows = np.array(windows.split.vectors, np.float64)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def row_number(rows: np.ndarray, chunks: torch.Tensor) -> np.ndarray:
    """Which stored row each chunk (…, D) is."""
    cosines = chunks.double().numpy() @ rows.T
    assert np.allclose(cosines.max(-1), 1, atol=1e-5)
    return cosines.argmax(-1)


@pytest.fixture(params=["float32", "float16", "not unit", "joined rows"])
def split(request, make_store) -> Split:
    """Articles of 9, 6 and 14 chunks, stored in different ways."""
    dtype = "float16" if request.param == "float16" else "float32"
    split = Split.of(make_store(LENGTHS, dim=16, dtype=dtype))
    if request.param == "not unit":
        scale = np.linspace(0.5, 3, len(split.vectors), dtype=np.float32)[:, None]
        return replace(split, vectors=np.array(split.vectors) * scale, unit=False, exact=False)
    if request.param == "joined rows":  # a split that is the second and third article of a store
        return split.take(np.array([1, 2]))
    return split


@pytest.mark.parametrize(("k", "horizon"), [(5, 1), (3, 2), (1, 1), (1, 3), (2, 1)])
def test_every_field_holds_what_its_description_says(split, k, horizon):
    windows = Windows(split, k, horizon)
    builder = BatchBuilder(windows, FIELDS, negatives=3, seed=1)
    index = np.random.default_rng(0).permutation(len(windows))[:7]
    batch = builder.batch(index, 1, 0)
    rows = rows_of(windows)

    for name in FIELDS:
        if name == "second_last" and k == 1:
            assert name not in batch
            continue
        value = getattr(batch, name)
        assert len(value) == len(index)
        if value.dtype.is_floating_point:
            assert value.dtype == torch.float32
        if value.shape[-1] == 16:
            assert torch.allclose(value.norm(dim=-1), torch.ones(()), atol=1e-5)
    assert np.allclose(batch.context, windows.context(index), atol=1e-6)
    assert np.allclose(batch.target, windows.target(index), atol=1e-6)
    assert torch.equal(batch.last, batch.context[:, -1])
    assert batch.article.tolist() == windows.article[index].tolist()
    assert batch.position.tolist() == windows.position[index].tolist()
    if k >= 2:
        assert torch.equal(batch.second_last, batch.context[:, -2])
    mask = in_batch_mask(batch.article, batch.position, k, k - 1 + horizon)
    assert torch.equal(batch.in_batch_mask, mask)  # no chunk occurs twice

    start, length = windows.split.starts, windows.split.lengths
    inside = windows.rows[index][:, None] + np.array([*range(k), k - 1 + horizon])
    negatives = row_number(rows, batch.negatives)
    for b, article in enumerate(windows.article[index]):
        of_article = set(range(start[article], start[article] + length[article]))
        real = batch.negative_mask[b].numpy()
        assert set(negatives[b][real]) <= of_article - set(inside[b])
        assert real.sum() == min(3, length[article] - k - 1)


@pytest.mark.parametrize("needs", [{"target"}, {"negatives"}, {"in_batch_mask"}])
def test_only_what_was_asked_for_is_made(make_store, needs):
    windows = Windows(Split.of(make_store(LENGTHS)), 4, 1)
    batch = BatchBuilder(windows, needs, negatives=2).batch(np.arange(3), 1, 0)
    for name in needs:
        getattr(batch, name)
    for family in ({"negatives", "negative_mask"}, {"in_batch_mask"}):
        assert {name in batch for name in family} == {bool(family & needs)}
    assert all(name in batch for name in FREE)


@pytest.mark.parametrize("dim", [2, 16, 40])
def test_the_target_s_text_elsewhere_is_no_negative(make_store, unit_rows, dim):
    rows = unit_rows(sum(LENGTHS), dim)
    rows[9 + 5] = rows[4]  # the last of the second article is a target of the first
    rows[15 + 13] = rows[15 + 4]  # a chunk of the third article occurs again
    split = replace(Split.of(make_store(LENGTHS, dim=dim)), vectors=rows)
    windows = Windows(split, 4, 1)
    index = np.arange(len(windows))
    batch = BatchBuilder(windows, FIELDS, negatives=9).batch(index, 1, 0)
    target = batch.target
    equal = (target[:, None] == target[None]).all(-1)
    mask = in_batch_mask(batch.article, batch.position, 4, 4)
    assert torch.equal(batch.in_batch_mask, mask & ~equal)
    assert (mask & equal).sum() == 4  # two pairs, both ways
    again = (batch.negatives == target[:, None]).all(-1)
    assert again.sum() == 2
    assert not (batch.negative_mask & again).any()
    allowed = torch.tensor(windows.split.lengths[windows.article] - 5).clamp(max=9)
    assert torch.equal(batch.negative_mask.sum(1), allowed - again.sum(1))


def places(windows, index, count, rng):
    """A field of a plugin: places in the windows, drawn."""
    return rng.integers(0, windows.context_length, size=(len(index), count))


def test_a_field_of_a_plugin_is_made_of_the_batch_s_windows(make_store):
    windows = Windows(Split.of(make_store(LENGTHS)), 4, 1)
    index = np.array([3, 0, 5])
    counts = []

    def late(windows, index, count, rng):
        counts.append((index.tolist(), count, rng.random()))
        return windows.position[index] / 2

    builder = BatchBuilder(windows, {"negatives", "late"}, fields={"late": late}, late=7)
    batch = builder.batch(index, 1, 0)
    assert batch.late.tolist() == (windows.position[index] / 2).tolist()
    assert batch.late.dtype == torch.float32
    # No negatives are asked for, so the generator is at its beginning.
    ((where, count, drawn),) = counts
    assert (where, count, drawn) == ([3, 0, 5], 7, generator(0, "batch", 1, 0).random())


def test_the_key_alone_decides_the_draws(make_store):
    windows = Windows(Split.of(make_store([30, 40], dim=16)), 4, 1)
    settings = {"negatives": 3, "places": 4, "fields": {"places": places}}
    index = np.arange(10)

    def draws(seed: int, *key: int) -> list[torch.Tensor]:
        batch = BatchBuilder(windows, FIELDS, seed=seed, **settings).batch(index, *key)
        return [batch.negatives, batch.places]

    wanted = draws(0, 1, 2)
    assert all(torch.equal(a, b) for a, b in zip(wanted, draws(0, 1, 2)))
    for other in (draws(1, 1, 2), draws(0, 2, 2), draws(0, 1, 3), draws(0, 1)):
        assert all(not torch.equal(a, b) for a, b in zip(wanted, other))


def test_float16_rows_of_exactly_unit_norm_become_float32(make_store):
    split = Split.of(make_store([8], dtype="float16"))
    rows = np.eye(8, dtype=np.float16)
    exact = replace(split, vectors=rows, exact=True)
    batch = BatchBuilder(Windows(exact, 3, 1), {"target"}).batch(np.arange(2), 0)
    assert batch.context.dtype == batch.target.dtype == torch.float32
    assert np.array_equal(batch.target, rows[[3, 4]])


def test_separate_windows_with_a_horizon(raw_store, unit_rows):
    rows = unit_rows(12, 16)
    manifest = {
        "format": "lvmctl.store/1",
        "windows": {"context": 5, "horizon": 3},
        "articles": [{"id": 0}, {"id": 1}],
    }
    split = open_split(str(raw_store(rows, np.array([0, 6, 12]), manifest)))
    index = np.array([1, 0])
    whole = BatchBuilder(Windows(split, 5, 3), FIELDS, negatives=2)
    batch = whole.batch(index, 0)
    assert np.allclose(batch.context, [rows[6:11], rows[0:5]], atol=1e-6)
    assert np.allclose(batch.target, rows[[11, 5]], atol=1e-6)
    assert not batch.negative_mask.any()  # nothing is left of the article
    # A shorter context leaves the older chunks as negatives.
    short = BatchBuilder(Windows(split, 3, 3), FIELDS, negatives=2)
    batch = short.batch(index, 0)
    assert np.allclose(batch.context, [rows[8:11], rows[2:5]], atol=1e-6)
    assert np.allclose(batch.target, rows[[11, 5]], atol=1e-6)
    assert batch.negative_mask.all()
    negatives = [set(row) for row in row_number(rows.astype(np.float64), batch.negatives)]
    assert negatives == [{6, 7}, {0, 1}]


@pytest.mark.parametrize(("k", "horizon"), [(3, 1), (2, 2), (1, 3)])
def test_the_future_ends_with_the_article(make_store, k, horizon):
    windows = Windows(Split.of(make_store(LENGTHS, dim=16)), k, horizon)
    index = np.arange(len(windows))
    batch = BatchBuilder(windows, {"future", "future_mask"}, rollout=4).batch(index)
    rows = rows_of(windows)
    ends = (windows.split.starts + windows.split.lengths)[windows.article]
    for row, end, chunks, real in zip(windows.rows, ends, batch.future, batch.future_mask):
        wanted = [row + k - 1 + step * horizon for step in (1, 2, 3, 4)]
        assert real.tolist() == [there < end for there in wanted]
        assert row_number(rows, chunks[real]).tolist() == [n for n in wanted if n < end]


def test_a_copy_is_shared_with_a_builder_of_the_same_store_alone(make_store):
    one, other = (Split.of(make_store(LENGTHS, name, seed=n)) for n, name in enumerate("ab"))
    first = BatchBuilder(Windows(one, 3, 1), {"target"})
    for split, shared in ((one, True), (one.take(np.array([2])), True), (other, False)):
        windows = Windows(split, 3, 1)
        builder = BatchBuilder(windows, {"target"}, share=first)
        assert (builder.vectors is first.vectors) == shared
        index = np.arange(len(windows))
        assert np.allclose(builder.batch(index).target, windows.target(index), atol=1e-6)


@example(places=[(0, 5), (0, 2)], k=1, horizon=4)  # the chunk after the window is far from both
@given(
    places=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 15)), min_size=1, max_size=12),
    k=st.integers(1, 5),
    horizon=st.integers(1, 4),
)
def test_a_false_negative_is_masked_and_nothing_else(places, k, horizon):
    offset = k - 1 + horizon
    article, position = (torch.tensor(column) for column in zip(*places))
    mask = in_batch_mask(article, position, k, offset)
    for i, (own_article, own_first) in enumerate(places):
        for j, (other_article, other_first) in enumerate(places):
            target = other_first + offset
            in_window = target in range(own_first, own_first + k)
            near = abs(target - (own_first + offset)) <= k
            false_negative = own_article == other_article and (in_window or near)
            assert mask[i, j].item() is not false_negative
