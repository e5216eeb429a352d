"""Text sources: files and folders → articles, and articles → chunks."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from lvmctl.core.errors import DataError, refuse
from lvmctl.data.store.manifest import entry_fault

SUFFIXES = (".txt", ".md", ".jsonl")
_RECORD = 'write {"text": "…", "title": "…"}'
_SENTENCE_END = re.compile(r"(?<=[.!?…])[\"'”’)\]]*\s+(?=[\"'“‘(\[]*[^\W_])")


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


def read_texts(paths: Sequence[Path]) -> Iterator[Text]:
    """The articles of files and folders, in order; a folder's files by name, sub-folders too.

    ``.txt`` and ``.md``: one article per file, titled by its path. ``.jsonl``: one per line, see
    :func:`record_text`.

    Raises:
        DataError: nothing to read, bytes that are not UTF-8, or a line that is not such an object.
    """
    for path in paths:
        refuse(not path.exists(), "no such file or folder", path)
        files = [path] if path.is_file() else sorted(_known(path))
        refuse(not files, f"holds no {', '.join(SUFFIXES)} files", path)
        for file in files:
            known = file.suffix.lower() in SUFFIXES
            refuse(not known, f"is not one of {', '.join(SUFFIXES)}", file)
            if file.suffix.lower() == ".jsonl":
                yield from _records(file)
            else:
                root = path if path.is_dir() else path.parent
                # A file's name may be any bytes, the manifest is UTF-8.
                title = os.fsencode(file.relative_to(root).as_posix()).decode("utf-8", "replace")
                yield Text(_decode(file.read_bytes(), file), {"title": title}, str(file))


def chunker(name: str, size: int = 64) -> Callable[[str], list[str]]:
    """A function that cuts a text into chunks, in order, with white space made single.

    Args:
        name: ``paragraph`` (blank lines), ``sentence``, or ``tokens`` (``size`` words each).
    """

    def paragraphs(text: str) -> list[str]:
        return _clean(re.split(r"\n[^\S\n]*\n", text.replace("\r\n", "\n")))

    def sentences(text: str) -> list[str]:
        return [part for block in paragraphs(text) for part in _clean(_SENTENCE_END.split(block))]

    def tokens(text: str) -> list[str]:
        words = text.split()
        return [" ".join(words[low : low + size]) for low in range(0, len(words), size)]

    return {"paragraph": paragraphs, "sentence": sentences, "tokens": tokens}[name]


def _clean(parts: Sequence[str]) -> list[str]:
    return [cleaned for part in parts if (cleaned := single_spaced(part))]


def single_spaced(text: str) -> str:
    """``text`` with white space made single, as chunks are stored."""
    return " ".join(text.split())


def _known(folder: Path) -> Iterator[Path]:
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if path.suffix.lower() in SUFFIXES and path.is_file() and not hidden:
            yield path


def _records(path: Path) -> Iterator[Text]:
    with open(path, "rb") as lines:
        for number, line in enumerate(lines, 1):
            where = f"{path}:{number}"
            text = _decode(line, where).strip()
            if not text:
                continue
            try:
                record = json.loads(text)
            except (ValueError, RecursionError) as error:
                what = f"is not JSON ({getattr(error, 'msg', error)})"
                raise DataError(what, where=where, hint="each line is one JSON object") from error
            refuse(not isinstance(record, dict), 'has no string "text"', where, _RECORD)
            yield record_text({"title": f"{path.name}:{number}", **record}, where)


def record_text(record: Mapping[str, Any], where: str) -> Text:
    """One article of a record.

    Args:
        record: ``text``, a string or a list of strings that are its chunks, and optionally
            ``title``, ``id`` (string or integer), ``split`` and ``first`` (position of its first
            chunk in a longer article); other keys are kept.
        where: where it was read, for messages.

    Raises:
        DataError: no text, an empty chunk, or fields that mean something else or cannot be stored.
    """
    entry = {key: value for key, value in record.items() if key != "text"}
    text = record.get("text")
    hint = "correct it, or give the field another name"
    if isinstance(text, list | tuple):
        for number, chunk in enumerate(text):
            fault = "is not a string" if not isinstance(chunk, str) else "is empty"
            wrong = not isinstance(chunk, str) or not chunk.strip()
            refuse(wrong, f"chunk {number} {fault}", where, "leave it out")
    elif not isinstance(text, str):
        raise DataError('has no string "text"', where=where, hint=_RECORD)
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


def _decode(data: bytes, where: object) -> str:
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 (byte {error.start}: 0x{data[error.start]:02x})"
        hint = "convert it, for example with iconv -t utf-8"
        raise DataError(what, where=where, hint=hint) from error
