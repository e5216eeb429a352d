"""Texts that a model is asked about: read from files, cut as the store was, encoded as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from lvmctl.api.model import Model
from lvmctl.api.store import Store, open_store
from lvmctl.api.training_encoder import clean, recorded_encoder, training_source
from lvmctl.core.errors import DataError, refuse
from lvmctl.core.inputs import open_data
from lvmctl.core.json_input import parse_json
from lvmctl.core.reporter import Reporter
from lvmctl.data.text.chunking import chunker
from lvmctl.data.text.embed import notice_unknown
from lvmctl.data.text.encoders.build import encode_units, encoder_of
from lvmctl.data.text.formats import decode

if TYPE_CHECKING:
    from lvmctl.api.store import Source

NO_TEXT, NO_CANDIDATE = "there is no text", "there is no candidate"

TRUE = "next"
"""The key of a record that says it is what came next."""


class Texts(NamedTuple):
    """Chunks with a name of each, and the number of the one that came next, if it is known."""

    texts: list[str]
    ids: list[str]
    true: int | None = None


def store_for(model: Model, store: Source | None, alone: bool) -> Store | None:
    """The store that was named, or the data that the run was trained on; None where that is not
    here and is not needed: what is asked stands ``alone``, and the run has its encoder on record.
    """
    if isinstance(store, Store):
        return store
    if store is not None:
        return open_store(store)
    try:
        return open_store(training_source(model._trained))
    except DataError:
        if alone and recorded_encoder(model._trained) is not None:
            return None
        raise


def encode(
    model: Model, store: Store | None, reporter: Reporter, texts: Sequence[str]
) -> np.ndarray:
    """Texts (n,) as unit vectors (n, D), by the encoder of the store that was named, or of the
    training data."""
    encoder = model.encoder if store is None else encoder_of(store._stored)[1]
    (vectors,) = notice_unknown(encoder, [encode_units(encoder, texts)], reporter)
    return vectors


def refuse_blank(context: Any, candidates: Any) -> None:
    """Refuse files of texts that hold nothing, before what is larger is opened."""
    for file, what in ((context, NO_TEXT), (candidates, NO_CANDIDATE)):
        if isinstance(file, Path) and file.suffix != ".npy":
            with open_data(file) as opened:
                refuse(not opened.read().strip(), what, file, "give at least one text")


def is_texts(value: Any) -> bool:
    """Whether something is a text, the path of texts, or a list of texts or records of them."""
    if isinstance(value, str | Path):
        return True
    listed = isinstance(value, list | tuple) and len(value) > 0
    return listed and isinstance(value[0], str | Mapping)


def context_texts(context: str | Path | Sequence[str], store: Store | None) -> list[str]:
    """The chunks that were read, oldest first: of a text or a file of text, cut as those of the
    store (None: by paragraph), or as they are listed."""
    if isinstance(context, Path) and context.suffix == ".jsonl":
        chunks = records(context).texts
    elif isinstance(context, str | Path):
        chunks = cut(context, store)
    else:
        chunks = clean(list(context), "context")
    where = context if isinstance(context, Path) else "context"
    refuse(not chunks, NO_TEXT, where, "give at least one chunk")
    return chunks


def candidate_texts(candidates: Path | Sequence[Any], store: Store | None) -> Texts:
    """The texts that are ranked: of a file of text, of JSON lines, or as they are listed."""
    where = candidates if isinstance(candidates, Path) else "candidates"
    if isinstance(candidates, Path) and candidates.suffix != ".jsonl":
        chunks = cut(candidates, store)
        texts = Texts(chunks, [str(number) for number in range(len(chunks))])
    elif isinstance(candidates, Path):
        texts = records(candidates)
    else:
        texts = listed(candidates, [f"candidates[{n}]" for n in range(len(candidates))])
    refuse(not texts.texts, NO_CANDIDATE, where, "give at least one text")
    refuse(len(set(texts.ids)) < len(texts.ids), "names a candidate twice", where, "give other ids")
    return texts


def cut(text: str | Path, store: Store | None) -> list[str]:
    """The chunks of a text or a file of text, by the rule that the store's texts were cut by, or by
    paragraph where it does not say."""
    if isinstance(text, Path):
        with open_data(text) as file:
            text, _ = decode(file.read(), text)
    made = None if store is None else store._stored.manifest.get("made")
    made = made if isinstance(made, Mapping) else {}
    rule, size = made.get("chunk"), made.get("size")
    known = rule if rule in ("paragraph", "sentence", "tokens") else "paragraph"
    return chunker(known, size if isinstance(size, int) else 64)(text)


def records(path: Path) -> Texts:
    """The texts of a file with one JSON string or ``{"text": …, "id": …, "next": …}`` a line."""
    values, places = [], []
    with open_data(path) as file:
        lines = file.read().splitlines()
    for number, line in enumerate(lines, 1):
        if not line.strip():
            continue
        hint = 'write "…" or {"text": "…"} in each line'
        values.append(parse_json(line, f"{path}:{number}", DataError, hint))
        places.append(f"{path}:{number}")
    return listed(values, places)


def listed(values: Sequence[Any], places: Sequence[str]) -> Texts:
    """Strings and records as texts; ``places`` says where each is, for messages."""
    texts, ids, true = [], [], None
    for number, (value, place) in enumerate(zip(values, places)):
        record = value if isinstance(value, Mapping) else {"text": value}
        text = record.get("text")
        hint = 'write "…" or {"text": "…"}'
        refuse(not isinstance(text, str), "is not text", place, hint)
        texts += clean([str(text)], place)
        ids.append(str(record.get("id", number)))
        if record.get(TRUE) is True:
            refuse(true is not None, "is the second that came next", place, "mark one")
            true = number
    return Texts(texts, ids, true)
