"""Texts as vectors, by the encoder of the data that a run was trained on."""

from __future__ import annotations

from collections.abc import Sequence

from lvmctl.core.errors import DataError, LvmctlError
from lvmctl.core.runs import PUBLISHED, trained_on
from lvmctl.data.fingerprint import ALIKE, fingerprint, probe_cosine
from lvmctl.data.splits.open import open_source
from lvmctl.data.store.store import Store
from lvmctl.data.text.chunking import single_spaced
from lvmctl.data.text.embed import Encoder
from lvmctl.data.text.encoders.build import encoder_in, encoder_of
from lvmctl.data.text.segmentation import is_visible
from lvmctl.evaluation.trained import Trained


def training_encoder(trained: Trained) -> Encoder:
    """The encoder that made the training data of a run; a DataError where the store is gone, has
    changed or does not have it, a UsageError where it is not installed."""
    shared = not trained.run.checkpoints.is_dir()  # exported or imported: the store is elsewhere
    if shared and (recorded := recorded_encoder(trained)) is not None:
        return recorded
    return encoder_of(training_store(trained))[1]


def recorded_encoder(trained: Trained) -> Encoder | None:
    """The encoder that a run has on record, with what it learned beside the weights; None where it
    is not installed, or not known to be the one that made the training data."""
    record = trained.config["splits"]["train"].get("encoder")
    if not isinstance(record, dict) or "fingerprint" not in record:
        return None
    try:
        _, encoder = encoder_in(trained.run.path, record, str(record.get("name")))
    except LvmctlError:
        return None
    cosine = probe_cosine({"fingerprint": fingerprint(encoder.encode)}, record)
    return None if cosine is None or cosine < ALIKE else encoder


def training_store(trained: Trained) -> Store:
    """The store that a run was trained on; a DataError where it is gone or has changed."""
    if PUBLISHED in trained.config:
        what = "texts cannot be read: a published model does not say which encoder made its data"
        raise DataError(what, where=trained.run.path, hint="use rank() with vectors")
    train = trained.config["splits"]["train"]
    try:
        store, _ = open_source(training_source(trained))
    except LvmctlError as error:
        raise DataError(
            f"texts cannot be read without the store it was trained on ({error})",
            where=trained.run.path,
            hint="restore the store, or use rank() with vectors",
        ) from error
    recorded = train.get("joined", [train])[0]
    if store.content_hash != recorded["content_hash"]:
        raise DataError(
            "is not the store that the run was trained on, so its encoder may be another",
            where=store.path,
            hint="restore the store, or use rank() with vectors",
        )
    return store


def training_source(trained: Trained) -> str | None:
    """The text that opens the data a run was trained on; None is the demonstration data. A
    published model does not say what it was trained on."""
    if PUBLISHED in trained.config:
        what = "is a published model, which does not say what it was trained on"
        raise DataError(what, where=trained.run.path, hint="name a store")
    return trained_on(trained.config)


def clean(texts: Sequence[str], what: str) -> list[str]:
    """Texts with white space made single, as in a store."""
    for number, text in enumerate(texts):
        if not isinstance(text, str) or not is_visible(text):
            says = "is empty" if isinstance(text, str) else "is not text"
            raise DataError(says, where=f"{what}[{number}]", hint="give texts of at least a word")
    return [single_spaced(text) for text in texts]
