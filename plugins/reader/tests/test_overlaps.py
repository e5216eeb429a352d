"""Each kind of overlap against a slow reference, in three scripts."""

from __future__ import annotations

import torch
from lvmctl_ranker.fitting import FOLDS
from lvmctl_reader import overlaps as module
from lvmctl_reader.chunk_texts import predecessors
from lvmctl_reader.overlaps import KINDS, overlaps
from lvmctl_reader.reading import Reading
from lvmctl_reader.vocabulary import Vocabulary


def vocabulary(texts, lexicon) -> Vocabulary:
    return Vocabulary([Reading.of(text) for text in texts], lexicon.of_fold(FOLDS)[0])


def test_every_kind_of_overlap(texts, lexicon, slow):
    each, found = range(len(texts)), overlaps(vocabulary(texts, lexicon))
    for kind in KINDS:
        wanted = torch.tensor([[slow.overlap(kind, p, c) for c in each] for p in each])
        rows = found[kind].rows(torch.arange(len(texts)))
        assert torch.allclose(rows, wanted, rtol=1e-4, atol=1e-5), kind


def test_many_chunks_are_compared_a_few_at_a_time(texts, lexicon, monkeypatch):
    held = overlaps(vocabulary(texts, lexicon))
    monkeypatch.setattr(module, "SMALL", 3)
    tiled = overlaps(vocabulary(texts, lexicon))
    rows = torch.tensor([4, 1, 6])
    for kind in KINDS:
        assert tiled[kind].held is None
        torch.testing.assert_close(tiled[kind].rows(rows), held[kind].rows(rows))


def test_predecessors_are_found_tile_by_tile(texts, lexicon, monkeypatch):
    overlap, n = overlaps(vocabulary(texts, lexicon))["idf"], len(texts)
    best, before = predecessors(overlap, n)
    monkeypatch.setattr("lvmctl_reader.chunk_texts.TILE", 3 * n)
    torch.testing.assert_close(predecessors(overlap, n)[0], best)
    every = overlap.rows(torch.arange(n)).fill_diagonal_(-1.0)
    torch.testing.assert_close(best, every.T.sort(dim=1, descending=True).values)
    torch.testing.assert_close(every.T.gather(1, before), best)


def test_a_text_overlaps_with_its_like_whatever_the_language(texts, lexicon):
    idf = overlaps(vocabulary(texts, lexicon))["idf"].rows(torch.arange(len(texts)))
    assert idf[0, 1] > idf[0, 3]
    assert idf[5].abs().max() == 0  # which is empty


def test_words_the_training_text_has_not_are_weighed_by_the_pool(texts, lexicon):
    other = ["xyzzy plugh qwfp", "xyzzy arst neio", "xyzzy luyo zxcd", "xyzzy plugh"]
    words = vocabulary(other, lexicon)
    assert words.coverage == 0
    everywhere, somewhere = (list(words.chunks_with).index(count) for count in (4, 2))
    assert words.idf[everywhere] == 0
    assert words.idf[somewhere] > 0
