"""An article of text, and how it is cut into chunks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from lvmctl.core.errors import DataError, refuse
from lvmctl.data.store.manifest import entry_fault
from lvmctl.data.text.segmentation import is_visible, units
from lvmctl.data.text.segmentation import paragraphs as paragraphs_in
from lvmctl.data.text.segmentation import sentences as sentences_in

RECORD = 'write {"text": "…", "title": "…"}'


@dataclass(frozen=True)
class Text:
    """One article before it is cut.

    Attributes:
        text: all of it, or the chunks of one that is cut already.
        entry: its manifest entry (``title``, ``id``, …).
        where: where it was read, for messages.
    """

    text: str | Sequence[str]
    entry: dict[str, Any] = field(default_factory=dict)
    where: str = ""


def chunker(name: str, size: int = 64) -> Callable[[str], list[str]]:
    """A function that cuts a text into chunks, in order, with white space made single.

    Args:
        name: ``paragraph`` (blank lines), ``sentence``, or ``tokens`` (``size`` words each; where a
            script has no spaces, letters).
    """

    def paragraphs(text: str) -> list[str]:
        return _clean(paragraphs_in(text))

    def sentences(text: str) -> list[str]:
        return [part for block in paragraphs(text) for part in _clean(sentences_in(block))]

    def tokens(text: str) -> list[str]:
        pieces = units(text)
        return _clean("".join(pieces[low : low + size]) for low in range(0, len(pieces), size))

    return {"paragraph": paragraphs, "sentence": sentences, "tokens": tokens}[name]


def _clean(parts: Iterable[str]) -> list[str]:
    return [single_spaced(part) for part in parts if is_visible(part)]


def single_spaced(text: str) -> str:
    """``text`` with white space made single, as chunks are stored."""
    return " ".join(text.split())


def record_text(record: Mapping[str, Any], where: str) -> Text:
    """One article of a record.

    Args:
        record: ``text``, a string or a list of strings that are its chunks, and optionally
            ``title``, ``id`` (string or integer), ``split`` and ``first`` (position of its first
            chunk in a longer article); other keys are kept.
        where: where it was read, for messages.
    """
    entry = {key: value for key, value in record.items() if key != "text"}
    text = record.get("text")
    hint = "correct it, or give the field another name"
    if isinstance(text, list | tuple):
        for number, chunk in enumerate(text):
            fault = "is not a string" if not isinstance(chunk, str) else "is empty"
            wrong = not isinstance(chunk, str) or not is_visible(chunk)
            refuse(wrong, f"chunk {number} {fault}", where, "leave it out")
    elif not isinstance(text, str):
        raise DataError('has no string "text"', where=where, hint=RECORD)
    fault = entry_fault(entry)
    refuse(fault, fault or "", where, hint)
    what = f"has {entry.get('id')!r} as id, which is a string or an integer"
    refuse("id" in entry and type(entry["id"]) not in (int, str), what, where, hint)
    try:
        json.dumps({"text": text, **entry}, ensure_ascii=False).encode()
    except UnicodeEncodeError as error:
        what = f"holds \\u{ord(error.object[error.start]):04x}, half of a character"
        raise DataError(what, where=where, hint="write the whole pair, or drop it") from error
    except (TypeError, ValueError) as error:
        what = f"has a field that cannot be stored ({error})"
        raise DataError(what, where=where, hint="make it text or a number") from error
    return Text(text, entry, where)
