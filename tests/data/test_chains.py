"""Windows that overlap → chains, against a slow reference that looks rows up in dictionaries."""

from __future__ import annotations

from collections import defaultdict

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.data.chains import chain, numbered


def cut(articles, context, horizon):
    """(W, K + 1) windows of articles of numbers, in order."""
    steps = [*range(context), context - 1 + horizon]
    return np.array(
        [
            [text[start + step] for step in steps]
            for text in articles
            for start in range(len(text) - steps[-1])
        ],
        np.int64,
    ).reshape(-1, context + 1)


def sequences(rows, assigned):
    """Windows by chain, each chain in order of place."""
    chains = defaultdict(list)
    for window in np.lexsort([assigned.place, assigned.chain]):
        chains[int(assigned.chain[window])].append(int(window))
    return sorted(chains.values())


def reference(rows, horizon):
    """Links by dictionaries, one window at a time; circles are cut before their first window."""
    context = rows.shape[1] - 1
    shared = context if horizon == 1 else context - 1
    begins, ends = defaultdict(list), defaultdict(list)
    for window, row in enumerate(rows.tolist()):
        begins[tuple(row[:shared])].append(window)
        ends[tuple(row[1 : shared + 1])].append(window)
    after = {}
    for key, out in ends.items():
        into = begins.get(key, [])
        for window in out:
            if len(out) == len(into) == 1:
                if into[0] != window:
                    after[window] = into[0]
            elif window + 1 in into:
                after[window] = window + 1
    before = {j: i for i, j in after.items()}
    for i, j in list(after.items()):
        earlier = i
        for _ in range(horizon - 1):
            earlier = before.get(earlier) if earlier is not None else None
        if earlier is not None and rows[earlier, -1] != rows[j, context - 1]:
            after.pop(i)
    before = {j: i for i, j in after.items()}
    chains, seen = [], set()
    heads = [w for w in range(len(rows)) if w not in before]
    for head in [*heads, *range(len(rows))]:
        chosen, window = [], head
        while window is not None and window not in seen:
            seen.add(window)
            chosen.append(window)
            window = after.get(window)
        if chosen:
            chains.append(chosen)
    return sorted(chains)


texts = st.lists(st.lists(st.integers(0, 5), min_size=1, max_size=14), min_size=1, max_size=4)


@given(texts, st.integers(1, 4), st.integers(1, 3), st.randoms(use_true_random=False))
def test_it_agrees_with_the_reference_however_much_repeats(articles, context, horizon, random):
    rows = cut(articles, context, horizon)
    if not len(rows) or (context == 1 and horizon > 1):
        return
    order = list(range(len(rows)))
    random.shuffle(order)
    for chosen in (rows, rows[order], rows[order[: len(order) // 2 + 1]]):
        assert sequences(chosen, chain(chosen, horizon)) == reference(chosen, horizon)


@given(
    st.lists(st.integers(1, 20), min_size=1, max_size=5),
    st.integers(1, 8),
    st.sampled_from([1, 2]),
    st.randoms(use_true_random=False),
)
def test_articles_whose_chunks_differ_come_back_from_any_order(lengths, context, horizon, random):
    numbers = iter(range(sum(lengths)))
    articles = [[next(numbers) for _ in range(length)] for length in lengths]
    rows = cut(articles, context, horizon)
    if not len(rows) or (context == 1 and horizon == 2):
        return
    order = list(range(len(rows)))
    random.shuffle(order)
    chains = chain(rows[order], horizon)
    assert chains.cuts == 0
    assert chains.count == sum(length >= context + horizon for length in lengths)
    # The oldest chunk of a window less its place in the chain is the article's first chunk.
    first = rows[order][:, 0] - chains.place
    starts = np.cumsum([0, *lengths])
    assert set(first.tolist()) <= set(starts.tolist())


@pytest.mark.parametrize("horizon", [1, 2])
def test_a_window_left_out_ends_the_chain(horizon):
    rows = cut([list(range(12))], 3, horizon)
    chains = chain(np.delete(rows, 4, axis=0), horizon)
    assert (chains.count, chains.cuts) == (2, 0)


def test_groups_are_never_joined():
    rows = cut([[0, 1, 2, 3, 4], [2, 3, 4, 5, 6]], 2, 1)  # the second goes on where the first ends
    assert chain(rows[:3], 1).count == 1
    assert chain(rows[:3], 1, np.array([0, 1, 1])).count == 2
    assert chain(rows, 1, np.array([0, 0, 0, 1, 1, 1])).count == 2


def test_repeats_follow_the_order_of_the_file_or_end_the_chain():
    rows = cut([[1, 2, 3, 1, 2, 4]], 2, 1)  # "1, 2" goes on with 3 and with 4
    assert chain(rows, 1).count == 1
    assert chain(rows, 1).place.tolist() == [0, 1, 2, 3]
    shuffled = chain(rows[[3, 0, 1, 2]], 1)
    assert shuffled.count == 1 + (shuffled.cuts > 0)


@pytest.mark.parametrize("horizon", [1, 2])
def test_a_circle_begins_with_the_first_in_the_file(horizon):
    circle = [0, 1, 2, 3, 4]
    rows = cut([[*circle, *circle]], 3, horizon)[: len(circle)]
    chains = chain(np.roll(rows, 2, axis=0), horizon)
    assert chains.place.tolist() == [0, 1, 2, 3, 4]


def test_text_of_one_constant_chunk_keeps_the_order_of_the_file():
    chains = chain(np.zeros((6, 4), np.int64), 1)
    assert chains.count == 1
    assert chains.place.tolist() == [0, 1, 2, 3, 4, 5]


def test_a_false_follower_is_found_out_by_the_target_of_the_window_before():
    # The first article ends with "8, 9", with which the second begins.
    rows = cut([[1, 2, 3, 8, 9, 5], [8, 9, 6, 7, 4]], 3, 2)
    chains = chain(rows, 2)
    assert chains.count == 2
    assert sequences(rows, chains) == reference(rows, 2)


def test_neighbours_share_nothing_at_one_chunk_and_a_horizon_of_two():
    rows = cut([list(range(6))], 1, 2)
    assert chain(rows, 2).count == len(rows)


def test_equal_rows_have_one_number():
    columns = [np.array([5, 5, 7, 5]), np.array([1, 2, 1, 1])]
    assert numbered(columns).tolist() == [0, 1, 2, 0]
