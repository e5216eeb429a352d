"""Checks of encoders: texts → vectors."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import fields
from functools import partial
from io import BytesIO
from typing import Any, TypeVar
from unittest.mock import patch

import numpy as np

from lvmctl.core.errors import DataError, LvmctlError
from lvmctl.data.store.checks import UNIT_TOLERANCE, norms_of
from lvmctl.registry.needs import require
from lvmctl.testing.check import (
    CheckFailed,
    Skipped,
    Subject,
    answer_or_refusal,
    check,
    checks_in,
    form,
    once_per_subject,
)
from lvmctl.testing.processes import ProcessFailed, vectors_elsewhere

T = TypeVar("T")

TOLERANCE = 1e-4
"""What rounding may change in a vector, relative to its norm, when a batch has another size."""

COOKING = ("onion", "butter", "garlic", "bread", "oven", "salt", "pepper", "soup")
SAILING = ("harbour", "anchor", "sail", "mast", "tide", "rope", "captain", "storm")
MONEY = ("bank", "bond", "market", "price", "loan", "share", "profit", "tax")
MUSIC = ("violin", "chord", "melody", "drum", "choir", "rhythm", "piano", "opera")
SENTENCES = (
    "The {0} and the {1} were there before the {2}.",
    "Nobody asked why the {1} needed a {3}, or the {2} another {0}.",
    "She wrote about {2} and {3}, then about {0} alone.",
)


def corpus(*topics: tuple[str, ...]) -> list[str]:
    """Eight different sentences about each of ``topics``, the topics one after another."""
    return [
        SENTENCES[turn % len(SENTENCES)].format(*words[turn:], *words[:turn])
        for words in topics
        for turn in range(len(words))
    ]


TEXTS = corpus(COOKING, SAILING, MONEY)

ODD = {
    "an empty text": "",
    "white space": " \t\n ",
    "a single letter": "a",
    "digits": "0 1 2 3",
    "an unknown word": "qwxzv",
    "a long text": "the harbour was full of bread " * 3000,
    "other scripts": "Ångström naïve 東京 Привет مرحبا",
    "signs": "🜁 👩‍🚀 \u200b\u202e ­",
    "a null character": "salt\x00pepper",
    "line breaks": "salt\r\npepper\n\nsoup",
}
"""Texts as they occur in real corpora, by what they are."""


def made_here(subject: Subject, make: Callable[[], T]) -> T:
    """What ``make`` makes of the subject's record.

    Raises:
        Skipped: what it needs is not on this machine; nothing is downloaded for a check.
    """
    with patch.dict(os.environ, HF_HUB_OFFLINE="1", TRANSFORMERS_OFFLINE="1"):
        try:
            require(subject.record)
            return make()
        except LvmctlError as error:
            raise Skipped(f"it cannot be made here: {error}") from error


def built(subject: Subject) -> Any:
    """The encoder, not yet fitted."""
    return made_here(subject, subject.build)


def fitted(subject: Subject) -> Any:
    """A new encoder, fitted to :data:`TEXTS` if it learns."""
    encoder = built(subject)
    if subject.record.fitted:
        encoder.fit(TEXTS)
    return encoder


ready = once_per_subject(fitted)
"""The encoder that most checks use."""


@check
def one_finite_row_per_text(subject: Subject) -> str:
    """Each text becomes a row of finite float32 numbers, as many as any other; no text, no row."""
    encoder, widths = ready(subject), {}
    if len(none := encoder.encode([])):
        raise CheckFailed(f"no text gives {form(none)}")
    for count in (len(TEXTS), 1, 2):
        rows = encoder.encode(TEXTS[:count])
        if not isinstance(rows, np.ndarray) or rows.ndim != 2 or len(rows) != count:
            raise CheckFailed(f"{count} texts give {form(rows)}, not ({count}, D)")
        if rows.dtype != np.float32:
            raise CheckFailed(f"{count} texts give {rows.dtype}, not float32")
        if not np.isfinite(rows).all():
            raise CheckFailed(f"{count} texts give numbers that are not finite")
        widths[count] = rows.shape[1]
    if len(set(widths.values())) > 1:
        each = ", ".join(f"{width} for {count} texts" for count, width in widths.items())
        raise CheckFailed(f"D changes: {each}")
    return f"D = {widths[1]}"


@check
def unit_norm_or_said(subject: Subject) -> str:
    """Vectors have norm 1 within 1e-3, or the recipe says ``"normalized": False`` and no vector is
    zero."""
    encoder = ready(subject)
    try:
        norms = norms_of(encoder.encode(TEXTS), lambda i: f"the vector of {TEXTS[i]!r}", None)
    except DataError as error:
        raise CheckFailed(error.what) from error
    between = f"norms lie between {norms.min():.4f} and {norms.max():.4f}"
    if encoder.recipe().get("normalized", True) and np.abs(norms - 1).max() > UNIT_TOLERANCE:
        raise CheckFailed(f"{between}, and the recipe does not say that they are not 1")
    return between


@check
def same_text_same_vector(subject: Subject) -> str | None:
    """A text has the same vector alone and among others, in any order, and in another process."""
    encoder = fitted(subject)
    rows = encoder.encode(TEXTS)
    order = np.random.default_rng(0).permutation(len(TEXTS))
    shuffled = np.asarray(encoder.encode([TEXTS[i] for i in order]))
    others = {
        "again": encoder.encode(TEXTS),
        "alone": np.concatenate([encoder.encode([text]) for text in TEXTS]),
        "in another order": shuffled[np.argsort(order)],
        "twice in a batch": encoder.encode(TEXTS * 2)[len(TEXTS) :],
        "by another encoder made the same way": fitted(subject).encode(TEXTS),
    }
    record, note = subject.record, None
    try:
        elsewhere = vectors_elsewhere(record.target, subject.options, record.fitted, TEXTS)
        others["in another process, with another PYTHONHASHSEED"] = elsewhere
    except ProcessFailed as reason:
        note = f"not tried in another process: {reason}"
    for how, vectors in others.items():
        norms = np.linalg.norm(rows, axis=1).clip(1e-12)
        apart = np.linalg.norm(np.asarray(vectors) - rows, axis=1) / norms
        if apart.max() > TOLERANCE:
            text = TEXTS[int(apart.argmax())]
            raise CheckFailed(f"{text!r} has another vector {how}, {apart.max():.2g} away")
    return note


@check
def different_texts_differ(subject: Subject) -> str:
    """Different texts have different vectors: of all pairs at most one in ten may share its
    direction."""
    rows = ready(subject).encode(TEXTS).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    cosine = (rows @ rows.T)[np.triu_indices(len(rows), 1)]
    same = (cosine > 1 - 1e-6).mean()
    if same > 0.1:
        raise CheckFailed(f"{same:.0%} of all pairs of different texts have the same direction")
    return f"mean cosine of different texts {cosine.mean():.2f}"


@check
def odd_texts_are_encoded_or_refused(subject: Subject) -> str | None:
    """A text that is empty, long or strange gets a finite vector that is not zero, or is refused in
    one line."""
    encoder = ready(subject)
    width, refused = encoder.encode(TEXTS[:1]).shape[1], []
    for name, text in ODD.items():
        rows = answer_or_refusal(name, partial(encoder.encode, [TEXTS[0], text]))
        if rows is None:
            refused.append(name)
            continue
        if form(rows) != f"(2, {width})":
            raise CheckFailed(f"{name} gives {form(rows)}, not (2, {width})")
        if not np.isfinite(rows).all() or not rows[1].any():
            raise CheckFailed(f"{name} gives a vector that is zero or not finite")
    return f"refused: {', '.join(refused)}" if refused else None


@check
def reads_as_far_as_it_says(subject: Subject) -> str:
    """An encoder with ``max_length`` counts the tokens of texts by ``lengths``, and reads as many:
    what is behind them changes no vector, what is within them does."""
    encoder = ready(subject)
    limit = getattr(encoder, "max_length", None)
    if not limit:
        raise Skipped("it reads whole texts")
    if not hasattr(encoder, "lengths"):
        raise CheckFailed("it has max_length, and no lengths()")
    word, other = COOKING[0], SAILING[0]
    long, begun = f"{word} " * limit, f"{other} " + f"{word} " * (limit - 1)
    short, none, beyond = encoder.lengths([word, "", long])
    if not 0 <= none < short < beyond or beyond <= limit:
        counts = f"{none}, {short}, {beyond} tokens in no word, one and {limit}"
        raise CheckFailed(f"lengths() counts {counts}, and max_length is {limit}")
    rows = encoder.encode([long, long + other, begun])
    if not np.allclose(rows[0], rows[1], atol=TOLERANCE * np.linalg.norm(rows[0])):
        raise CheckFailed(f"it reads more than the {limit} tokens of max_length")
    if np.allclose(rows[0], rows[2], atol=TOLERANCE * np.linalg.norm(rows[0])):
        raise CheckFailed("the first word of a long text changes no vector")
    return f"{limit:,} tokens"


@check
def recipe_says_what_made_it(subject: Subject) -> None:
    """The recipe is plain data that names the encoder and every option, and encoding does not
    change it."""
    encoder = ready(subject)
    recipe = encoder.recipe()
    if not isinstance(recipe, dict):
        raise CheckFailed(f"recipe() gives {type(recipe).__name__}, not a dict")
    try:
        json.dumps(recipe, allow_nan=False)
    except (TypeError, ValueError) as error:
        raise CheckFailed(f"the recipe is not plain data: {error}") from error
    if recipe.get("name") != subject.record.name:
        raise CheckFailed(f"the recipe names {recipe.get('name')!r}, not {subject.record.name!r}")
    missing = [f.name for f in fields(subject.options) if f.name not in recipe]
    if missing:
        raise CheckFailed(f"the recipe leaves out {', '.join(missing)}")
    encoder.encode(TEXTS[:3])
    if encoder.recipe() != recipe:
        raise CheckFailed("the recipe changes after texts were encoded")


@check
def fit_learns_where_it_says_so(subject: Subject) -> None:
    """An encoder that is ``fitted`` learns from its corpus, and any other encodes the same whatever
    it was fitted to."""
    refitted = built(subject)
    refitted.fit(corpus(MUSIC, SAILING))
    rows, others = ready(subject).encode(TEXTS), refitted.encode(TEXTS)
    same = rows.shape == others.shape and np.allclose(rows, others, atol=TOLERANCE)
    if subject.record.fitted and same:
        raise CheckFailed("fitted=True, and another corpus changes no vector")
    if not subject.record.fitted and not same:
        raise CheckFailed("fitted=False, and fit() changes the vectors")


@check
def state_comes_back(subject: Subject) -> None:
    """A fitted encoder's ``state()`` is plain arrays from which ``restore()`` makes the same
    encoder, so that other text can be embedded in its space."""
    if not subject.record.fitted:
        raise Skipped("it learns nothing")
    encoder, restored, file = ready(subject), built(subject), BytesIO()
    for name in ("state", "restore"):
        if not hasattr(encoder, name):
            raise CheckFailed(f"it has no {name}()")
    np.savez(file, **encoder.state())
    file.seek(0)
    try:
        with np.load(file, allow_pickle=False) as arrays:
            state = dict(arrays)
    except ValueError as error:
        raise CheckFailed("the state holds Python objects, not plain arrays") from error
    restored.restore(state)
    texts = [*TEXTS, *corpus(MUSIC)]
    if not np.array_equal(restored.encode(texts), encoder.encode(texts)):
        raise CheckFailed("the restored encoder gives other vectors")


CHECKS = checks_in(globals())
