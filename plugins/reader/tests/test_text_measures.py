"""Numbers of candidates against a slow reference, and what they must not depend on."""

from __future__ import annotations

from zlib import crc32

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from lvmctl_ranker.fitting import FOLDS
from lvmctl_reader.chunk_texts import BEST, OF_WORDS, ChunkTexts
from lvmctl_reader.lexicon import BUCKETS, PLACES
from lvmctl_reader.overlaps import KINDS
from lvmctl_reader.reading import STYLE, Reading
from lvmctl_reader.text_measures import AGES, GROUPS, OF_WINDOW, RIVALS, TINY, TextMeasures

K = 3


@pytest.fixture
def measures(chunk_texts) -> TextMeasures:
    n = chunk_texts.size
    windows = torch.arange(n - K)[:, None] + torch.arange(K)
    real = torch.ones(n - K, n, dtype=torch.bool).scatter(1, windows, False)
    return TextMeasures(chunk_texts, windows, torch.arange(n), real)


def test_groups_have_the_width_that_is_said(measures):
    for name, width in GROUPS.items():
        made = getattr(measures, name)()
        assert made.shape == (*measures.real.shape, width)
        assert made.isfinite().all()
    assert measures.window().shape == (len(measures.windows), 1, OF_WINDOW)


def test_overlap_of_each_chunk_of_the_window(measures, slow):
    found = measures.overlap().unflatten(2, (len(KINDS), AGES + 2))
    for row, window in enumerate(measures.windows.tolist()):
        for kind, name in enumerate(KINDS[::3]):
            values = [slow.overlap(name, p, 7) for p in window]
            newest = [*reversed(values), values[0]]
            wanted = torch.tensor([*newest, sum(values) / K, max(values)])
            torch.testing.assert_close(found[row, 7, 3 * kind], wanted, rtol=1e-4, atol=1e-5)


def test_rivals_are_the_best_other_candidates(measures, slow):
    found = measures.rivals()
    for row, window in enumerate(measures.windows.tolist()):
        for c in set(range(slow.size)) - {*window}:
            others = [p for p in range(slow.size) if p not in window and p != c]
            each = sorted((slow.overlap("rare", p, c) for p in others), reverse=True)
            own, place = slow.overlap("rare", window[-1], c), KINDS.index("rare")
            mean = sum(each[:RIVALS]) / RIVALS
            assert found[row, c, place] == pytest.approx(own - mean, abs=1e-4)
            larger = sum(value > own + 1e-5 for value in each)
            assert found[row, c, len(KINDS) + place] == pytest.approx(np.log1p(larger), abs=1e-4)


def test_around_a_candidate_are_the_candidates_it_overlaps_most_with(measures, slow):
    found, place = measures.around(), KINDS.index("left")
    for row, window in enumerate(measures.windows.tolist()):
        for c in set(range(slow.size)) - {*window}:
            overlap = {p: slow.overlap("left", p, c) for p in range(slow.size) if p != c}
            least = sorted([0.0, *overlap.values()], reverse=True)[:BEST][-1]
            weights = {p: value - least for p, value in overlap.items() if p not in window}
            total = sum(
                w * slow.overlap("left", window[-1], p) for p, w in weights.items() if w > 0
            )
            wanted = total / (sum(max(w, 0.0) for w in weights.values()) + TINY)
            assert found[row, c, place] == pytest.approx(wanted, abs=1e-4)


def test_shares_that_the_window_had(measures, slow):
    found = measures.shares()
    for row, window in enumerate(measures.windows.tolist()):
        wanted = torch.tensor([slow.shares(window, c) for c in range(slow.size)])
        torch.testing.assert_close(found[row], wanted, rtol=1e-4, atol=1e-5)


def test_lengths(measures, slow):
    lengths = np.log1p([len(each) for each in slow.words])
    wanted = abs(lengths[7] - lengths[2]), abs(lengths[7] - lengths[:3].mean())
    assert measures.lengths()[0, 7].tolist() == pytest.approx(wanted, abs=1e-5)


def test_numbering():
    texts = ["a) one", "b) two", "1. one", "2. two", "In 2 years", "none"]
    numbers = torch.tensor(np.stack([Reading.of(text).numbers for text in texts]))
    made = ChunkTexts([Reading.of(text) for text in texts], *untaught())
    assert made.numbers.isnan().equal(numbers.isnan())
    real = torch.ones(1, 6, dtype=torch.bool)

    def next_or_same(last: int) -> tuple[list, list]:
        measures = TextMeasures(made, torch.tensor([[last]]), torch.arange(6), real)
        each = measures.numbering()[0]
        return [c for c in range(6) if each[c, 0]], [c for c in range(6) if each[c, 1]]

    assert next_or_same(0) == ([1, 3], [0, 2])
    assert next_or_same(2) == ([1, 3, 4], [0, 2])
    assert next_or_same(5) == ([], [])


def test_places_and_rarity(measures, slow, lexicon):
    _, places = lexicon.of_fold(FOLDS)
    words, bucket = slow.words[7], crc32(slow.words[7][0].encode()) % BUCKETS
    found = dict(zip(OF_WORDS, measures.places()[0, 7].tolist()))
    assert found["first word"] == pytest.approx(places[0, bucket], abs=1e-3)
    mean = sum(slow.idf[word] for word in words) / len(words)
    assert found["rarity"] == pytest.approx(mean, rel=1e-4)
    least = min(slow.idf[word] for word in words[:6])
    assert found["least rare of the head"] == pytest.approx(least, rel=1e-4, abs=1e-6)


def test_a_window_is_its_newest_chunk_and_its_mean(measures, chunk_texts):
    newest, mean, coverage = measures.window()[1, 0].split([len(STYLE) + len(OF_WORDS)] * 2 + [1])
    torch.testing.assert_close(newest, chunk_texts.alone[3])
    torch.testing.assert_close(mean, chunk_texts.alone[1:4].mean(dim=0))
    assert coverage.item() == pytest.approx(chunk_texts.coverage)


def untaught() -> tuple[np.ndarray, np.ndarray]:
    """What is known of words before anything is learned."""
    return np.zeros(BUCKETS, np.float32), np.zeros((len(PLACES), BUCKETS), np.float32)


def numbers(texts, window, candidates) -> torch.Tensor:
    """(n, E) of candidates, all groups, of a window; both are places in ``texts``."""
    used = [*window, *candidates]
    made = ChunkTexts([Reading.of(texts[n]) for n in used], *untaught())
    k = len(window)
    chunks = torch.arange(k, len(used))
    real = torch.ones(1, len(chunks), dtype=torch.bool)
    measures = TextMeasures(made, torch.arange(k)[None], chunks, real)
    return torch.cat([getattr(measures, name)() for name in GROUPS], dim=-1)[0]


SOME = ("the", "The", "whale", "ship", "2", "no?", "“yes”", "春眠", "眠")
WORDS = st.lists(st.sampled_from(SOME), max_size=8)


@settings(max_examples=25, deadline=None)
@given(st.lists(WORDS.map(" ".join), min_size=6, max_size=9), st.randoms(use_true_random=False))
def test_the_order_of_the_pool_changes_nothing(texts, random):
    window, candidates = [0, 1], list(range(2, len(texts)))
    moved = random.sample(candidates, len(candidates))
    before = numbers(texts, window, candidates)
    after = numbers(texts, window, moved)
    where = [moved.index(c) for c in candidates]
    torch.testing.assert_close(after[where], before, rtol=1e-4, atol=1e-5)
