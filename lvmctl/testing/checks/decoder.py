"""Checks of decoders: vectors → texts."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lvmctl.api.decoding import Decoder, decoder_of
from lvmctl.testing.check import CheckFailed, Skipped, Subject, check, checks_in, once_per_subject
from lvmctl.testing.checks.encoder import made_here
from lvmctl.testing.text_store import text_store

TOLERANCE = 1e-3
"""What rounding may change in a cosine."""


def loaded(subject: Subject) -> tuple[Decoder, TemporaryDirectory]:
    """The decoder for a small store of texts, and the folder that it is in. Skipped where it is of
    another encoder, too."""
    folder = TemporaryDirectory()

    def make() -> Decoder:
        store = text_store(Path(folder.name) / "store", articles=4, chunks=8, dim=16, reads=())
        return decoder_of(subject.registry, subject.entry, subject.options, store)

    return made_here(subject, make), folder


ready = once_per_subject(loaded)
"""The decoder that the checks use."""


def vectors_for(decoder: Decoder) -> np.ndarray:
    """Vectors (12, D) of unit norm: chunks of the store, their opposites, and random ones."""
    chunks = np.asarray(decoder.store.vectors[:4], np.float32)
    noise = np.random.default_rng(0).standard_normal((4, decoder.store.dim)).astype(np.float32)
    noise /= np.linalg.norm(noise, axis=1, keepdims=True)
    return np.concatenate([chunks, -chunks, noise])


@check
def a_text_for_each_vector(subject: Subject) -> str:
    """Each vector becomes a text, whatever its direction, and as many as there are become as many;
    no vector, no text."""
    decoder, _ = ready(subject)
    vectors = vectors_for(decoder)
    for count in (0, 1, 2, len(vectors)):
        texts = decoder.decode(vectors[:count]).texts
        if len(texts) != count:
            raise CheckFailed(f"{count} vectors give {len(texts)} texts")
    return f"the first vector says {texts[0]!r}"


@check
def same_vector_same_text(subject: Subject) -> None:
    """A vector says the same alone and among others, in any order, whenever it is asked."""
    decoder, _ = ready(subject)
    vectors = vectors_for(decoder)
    texts = decoder.decode(vectors).texts
    order = np.random.default_rng(1).permutation(len(vectors))
    shuffled = decoder.decode(vectors[order]).texts
    others = {
        "again": decoder.decode(vectors).texts,
        "alone": [decoder.decode(vector[None]).texts[0] for vector in vectors],
        "in another order": [shuffled[place] for place in np.argsort(order)],
    }
    for how, again in others.items():
        for first, second in zip(texts, again):
            if first != second:
                raise CheckFailed(f"{how} a vector says {second!r}, not {first!r}")


@check
def cosines_are_of_the_texts(subject: Subject) -> str:
    """The cosines that it gives are those of the vectors to their texts, encoded again."""
    decoder, _ = ready(subject)
    vectors = vectors_for(decoder)
    decoded = decoder.decode(vectors)
    again = decoder.round_trip(vectors, decoded.texts)
    if decoded.cosines is None or again is None:
        raise Skipped("no encoder is at hand that would encode its texts")
    for text, cosine, other in zip(decoded.texts, decoded.cosines, again):
        if not np.isclose(cosine, other, atol=TOLERANCE, equal_nan=True):
            raise CheckFailed(f"{text!r} has the cosine {other:.4f}, not {cosine:.4f}")
    known = again[~np.isnan(again)]
    return f"mean cosine {known.mean():.2f}" if len(known) else "every text is empty"


CHECKS = checks_in(globals())
