"""What is learned of words, and of whom."""

from __future__ import annotations

from math import log
from zlib import crc32

import numpy as np
import pytest
from lvmctl_ranker.fitting import FOLDS
from lvmctl_reader.lexicon import BUCKETS, PLACES, PRIOR, Lexicon
from lvmctl_reader.reading import Reading

ARTICLES = (
    ("Once there was a ship", "But it sank", "But nobody knew", "So it ended"),
    ("Once there was a whale", "But it swam away", "So ended the whale"),
    ("Once upon a time", "a ship was there"),
    ("But a whale", "is no ship"),
    ("So what", "was the whale"),
)


def learned(articles=ARTICLES) -> Lexicon:
    lexicon = Lexicon()
    lexicon.learn((n, [Reading.of(text) for text in texts]) for n, texts in enumerate(articles))
    return lexicon


def bucket(word: str) -> int:
    return crc32(word.encode()) % BUCKETS


def test_how_rare_words_are():
    idf, _ = learned().of_fold(FOLDS)
    chunks = sum(map(len, ARTICLES))
    assert idf[bucket("whale")] == pytest.approx(log((chunks + 1) / (4 + 1)), abs=1e-3)
    assert idf[bucket("xyzzy")] == pytest.approx(log(chunks + 1), abs=1e-2)


@pytest.mark.parametrize(
    ("place", "word", "there"),
    [
        ("first word", "but", 4),
        ("last word", "whale", 4),
        ("opening", "once", 3),
        ("opening", "a", 4),
        ("late", "it", 1),
        ("head", "it", 3),
    ],
)
def test_where_words_stand(place, word, there):
    _, places = learned().of_fold(FOLDS)
    texts = [(n, len(each), text) for each in ARTICLES for n, text in enumerate(each)]
    every = [(n, length, text.lower().split()) for n, length, text in texts]
    spots = {
        "first word": lambda n, length, words: words[:1],
        "last word": lambda n, length, words: words[-1:],
        "opening": lambda n, length, words: words if n == 0 else [],
        "late": lambda n, length, words: words if 2 * n >= length else [],
        "head": lambda n, length, words: words[:6],
    }
    inside = [w for each in every for w in spots[place](*each)]
    anywhere = [w for _, _, words in every for w in words]
    assert inside.count(word) == there
    expected = anywhere.count(word) / len(anywhere) * len(inside)
    prior = PRIOR * expected / anywhere.count(word)
    ratio = log((there + prior) / (expected + prior))
    assert places[PLACES.index(place), bucket(word)] == pytest.approx(ratio, abs=2e-3)


def test_a_fold_is_taught_by_the_others_alone():
    other = (*ARTICLES[:2], ("Completely other words", "stand here"), *ARTICLES[3:])
    before, after = learned().of_fold(2), learned(other).of_fold(2)
    for one, two in zip(before, after):
        np.testing.assert_array_equal(one, two)
    assert (learned().of_fold(1)[0] != learned(other).of_fold(1)[0]).any()


def test_before_anything_is_learned_no_word_is_known():
    for table in Lexicon().of_fold(FOLDS):
        assert not table.any()
