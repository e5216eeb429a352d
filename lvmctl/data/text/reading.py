"""Files and folders of text → articles, with all that is wrong with them at once."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.formatting import count
from lvmctl.core.inputs import open_data
from lvmctl.core.json_input import parse_json
from lvmctl.data.text.chunking import RECORD, Text, record_text
from lvmctl.data.text.formats import decode, epub_text, html_text
from lvmctl.data.text.markdown import markdown_text
from lvmctl.data.text.pdf import pdf_text

SUFFIXES = (".txt", ".md", ".html", ".htm", ".epub", ".pdf", ".jsonl")
_READERS = {".epub": epub_text, ".pdf": pdf_text}
_SHOWN = 10


class Faults:
    """Texts that cannot be used, and what else a user should hear about a corpus.

    Args:
        skip: leave such texts out; else they are refused together at the end.

    Attributes:
        notices: one line each.
        guessed: files whose encoding was guessed.
        left_out: how many parts of texts, by kind, are no text.
    """

    def __init__(self, skip: bool = False) -> None:
        self.notices: list[str] = []
        self.guessed: list[str] = []
        self.left_out = Counter[str]()
        self._skip = skip
        self._errors: list[DataError] = []

    def add(self, error: DataError) -> None:
        """Take note of a text that cannot be used."""
        self._errors.append(error)

    def settle(self) -> None:
        """Refuse the faults there were, or say what was left out; called after the last text."""
        if self.guessed:
            names = _listed(self.guessed)
            self.notices.append(f"not UTF-8, read as CP1252: {names}")
        if kinds := [count(n, kind) for kind, n in sorted(self.left_out.items()) if n]:
            self.notices.append(f"left out of Markdown: {', '.join(kinds)}")
        bad = len(self._errors)
        if not bad:
            return
        if self._skip:
            parts = _listed([f"{error.where}: {error.what}" for error in self._errors])
            self.notices.append(f"left out {count(bad, 'text')}: {parts}")
        elif bad == 1:
            raise self._errors[0]
        else:
            parts = _listed([f"{error.where} {error.what}" for error in self._errors])
            hints = {error.hint for error in self._errors}
            same = hints.pop() if len(hints) == 1 else None
            hint = same or "correct them, or leave them out with --skip-bad"
            raise DataError(f"{bad} texts cannot be used: {parts}", hint=hint)


def _listed(parts: Sequence[str]) -> str:
    more = f" and {len(parts) - _SHOWN} more" if len(parts) > _SHOWN else ""
    return ", ".join(parts[:_SHOWN]) + more


def read_texts(paths: Sequence[Path], faults: Faults) -> Iterator[Text]:
    """The articles of files and folders, in order; a folder's files by name, sub-folders too.

    ``.txt``, ``.md``, ``.html``, ``.epub`` and ``.pdf``: one article per file, titled by what it
    says its title is, its first heading or its path. ``.jsonl``: one per line, see
    :func:`record_text`.

    Args:
        faults: takes what cannot be read, and the rest of a folder by kind.
    """
    for path in paths:
        refuse(not path.exists(), "no such file or folder", path)
        files = [path] if path.is_file() else _known(path, faults)
        refuse(not files, f"holds no {', '.join(SUFFIXES)} files", path)
        for file in files:
            root = path if path.is_dir() else path.parent
            try:
                known = file.suffix.lower() in SUFFIXES
                hint = 'write the texts of a table as .jsonl, {"text": "…"} a line'
                refuse(not known, f"is not one of {', '.join(SUFFIXES)}", file, hint)
                if file.suffix.lower() != ".jsonl":
                    yield _article(file, root, faults)
                    continue
            except DataError as error:
                faults.add(error)
                continue
            yield from _records(file, faults)


def _article(file: Path, root: Path, faults: Faults) -> Text:
    suffix = file.suffix.lower()
    if suffix in _READERS:
        text, title = _READERS[suffix](file)
    else:
        text, encoding = decode(file.read_bytes(), file)
        if encoding == "cp1252":
            faults.guessed.append(str(file))
        title = None
        if suffix == ".md":
            text, title, left_out = markdown_text(text)
            faults.left_out += left_out
        elif suffix in (".html", ".htm"):
            text, title = html_text(text)
    # A file's name may be any bytes, the manifest is UTF-8.
    name = os.fsencode(file.relative_to(root).as_posix()).decode("utf-8", "replace")
    return Text(text, {"title": title or name}, str(file))


def _known(folder: Path, faults: Faults) -> list[Path]:
    """The files of a folder that are read, by name; others are counted."""
    found, others = [], Counter[str]()
    for path in folder.rglob("*"):
        hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
        if hidden or not path.is_file():
            others["link to a folder"] += not hidden and path.is_symlink() and path.is_dir()
            continue
        if path.suffix.lower() in SUFFIXES:
            found.append(path)
        else:
            others[path.suffix.lower() or "without an ending"] += 1
    if others := +others:
        kinds = ", ".join(f"{n} {kind}" for kind, n in others.most_common())
        faults.notices.append(f"{folder}: not read: {kinds}")
    return sorted(found)


def _records(path: Path, faults: Faults) -> Iterator[Text]:
    with open_data(path) as lines:
        for number, line in enumerate(lines, 1):
            try:
                article = _record(line, path, number)
            except DataError as error:
                faults.add(error)
                continue
            if article is not None:
                yield article


def _record(line: bytes, path: Path, number: int) -> Text | None:
    """The article of a line; None for an empty one."""
    where = f"{path}:{number}"
    try:
        text = line.decode("utf-8-sig").strip()
    except UnicodeDecodeError as error:
        what = f"is not UTF-8 (byte {error.start}: 0x{line[error.start]:02x})"
        hint = "convert it, for example with iconv -t utf-8"
        raise DataError(what, where=where, hint=hint) from error
    if not text:
        return None
    record = parse_json(text, where, DataError, "each line is one JSON object")
    refuse(not isinstance(record, dict), 'has no string "text"', where, RECORD)
    return record_text({"title": f"{path.name}:{number}", **record}, where)
