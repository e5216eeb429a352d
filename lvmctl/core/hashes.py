"""``hashes.json``: the size and the SHA-256 of each file of a store or a run, as lvmctl wrote it.

What is read back is compared with it, so that damaged, edited and exchanged files are refused
(docs/training.md). Directories of earlier versions have none and are read unchecked.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from filelock import FileLock

from lvmctl.core.errors import LvmctlError
from lvmctl.core.files import output_errors, write_json, write_whole
from lvmctl.core.inputs import open_input, read_text
from lvmctl.core.json_input import parse_json, require

RECORD = "hashes.json"
LOCK = ".lock.hashes"
FORMAT = "lvmctl.hashes/1"

SMALL = 1 << 26
"""Bytes of a file that is read whole when it is checked (64 MiB); of a larger one, samples are."""

SAMPLES, SAMPLE_BYTES = 64, 1 << 16
"""Blocks of a large file that are checked when it is opened, spread evenly, and their bytes."""

ATTEMPTS = 5
"""Looks at a file and its entry that a process which is writing may fall between."""

Entry = dict[str, Any]
"""``bytes``, ``sha256`` (None where another hash covers the file), ``sample`` of a large file, and
``replaces``, the SHA-256 of the version before while a new one is being written."""

SCHEMA = {
    "format": str,
    "files": {
        ...: {
            "bytes": int,
            "sha256": (str, None),
            "sample": str,
            "replaces": (str, None),
        }
    },
}


def read_record(directory: Path, kind: type[LvmctlError]) -> dict[str, Entry]:
    """The entries of a directory's files by name; none where there is no record. One that is
    damaged is an error of this ``kind``."""
    path, hint = directory / RECORD, f"restore it; without {RECORD}, files are read unchecked"
    try:
        text = read_text(path)
    except (FileNotFoundError, NotADirectoryError):
        return {}
    except (OSError, ValueError) as error:
        raise kind(f"cannot be read ({error})", where=path, hint=hint) from error
    record = parse_json(text, path, kind, hint)
    require(record, SCHEMA, path, kind, hint)
    if record.get("format") != FORMAT or "files" not in record:
        what = f"is damaged: its format is {record.get('format')!r}, not {FORMAT!r}"
        raise kind(what, where=path, hint=hint)
    files: dict[str, Entry] = record["files"]
    for name, entry in files.items():
        if not {"bytes", "sha256"} <= entry.keys():
            raise kind(f"is damaged: files.{name} lacks a hash", where=path, hint=hint)
    return files


def entry_of(path: Path, whole: bool = True) -> Entry:
    """The entry of the file at ``path``; ``whole=False`` leaves its SHA-256 out."""
    size = path.stat().st_size
    entry: Entry = {"bytes": size, "sha256": sha256_of(path) if whole else None}
    return entry | ({"sample": sample_of(path, size)} if size > SMALL else {})


def write_record(directory: Path, files: dict[str, Entry]) -> None:
    """Write the entries of a directory's files; an OutputError where that fails."""
    write_json(directory / RECORD, {"format": FORMAT, "files": files})


def write_recorded(path: Path, content: bytes, kind: type[LvmctlError]) -> None:
    """Replace a file whole, and its entry in the record beside it.

    The new hash is recorded before the file is written, and the old one counts until it is: a
    process that is killed anywhere leaves a file that is known.
    """
    directory, name = path.parent, path.name
    with output_errors(path), ExitStack() as held:
        os.stat(directory)  # one that was removed meanwhile is not made again for its lock
        held.enter_context(FileLock(directory / LOCK, thread_local=False))
        files = read_record(directory, kind)
        old = files.get(name)
        if old is not None and "replaces" not in old:
            before = old["sha256"]
        else:
            before = sha256_of(path) if path.is_file() else None
        entry = {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        write_record(directory, files | {name: entry | {"replaces": before}})
        write_whole(path, content)
        write_record(directory, files | {name: entry})


def read_recorded(path: Path, kind: type[LvmctlError]) -> bytes:
    """The content of a file that can be read, compared with its entry where it has one; what was
    not recorded so is an error of this ``kind``."""
    for _ in range(ATTEMPTS):
        with open_input(path) as file:
            content = file.read()
        entry = read_record(path.parent, kind).get(path.name)
        if entry is None:
            return content
        if hashlib.sha256(content).hexdigest() in (entry["sha256"], entry.get("replaces")):
            return content
        fault = difference(len(content), entry)
    raise kind(fault, where=path, hint=hint_of(path))


def fault_of(path: Path, entry: Entry, whole: bool = False) -> str | None:
    """Why a file is not what was recorded, or None. Of a large one samples are read, unless
    ``whole``."""
    try:
        size = path.stat().st_size
        if size == entry["bytes"] and size > SMALL and not whole and "sample" in entry:
            return None if sample_of(path, size) == entry["sample"] else difference(size, entry)
        known = [each for each in (entry["sha256"], entry.get("replaces")) if each]
        same = sha256_of(path) in known if known else size == entry["bytes"]
        return None if same else difference(size, entry)
    except FileNotFoundError:
        begun = "replaces" in entry and entry["replaces"] is None
        return None if begun else "is missing"
    except OSError as error:
        return f"cannot be read ({error.strerror})"


def require_recorded(
    path: Path, files: dict[str, Entry], kind: type[LvmctlError], hint: str | None = None
) -> None:
    """Refuse a file that is not what the entries ``files`` say; what is not among them passes."""
    entry = files.get(path.name)
    fault = None if entry is None else fault_of(path, entry)
    if fault is not None:
        raise kind(fault, where=path, hint=hint or hint_of(path))


def require_size(path: Path, files: dict[str, Entry], kind: type[LvmctlError]) -> None:
    """Refuse a file whose size is not what the entries ``files`` say, without reading it."""
    entry = files.get(path.name)
    if entry is not None and (size := path.stat().st_size) != entry["bytes"]:
        raise kind(difference(size, entry), where=path, hint=hint_of(path))


def difference(size: int, entry: Entry) -> str:
    """How a file of ``size`` bytes differs from its entry."""
    if size == entry["bytes"]:
        return f"changed since lvmctl wrote it: its content is not what {RECORD} says"
    return f"changed since lvmctl wrote it: it has {size:,} bytes, not {entry['bytes']:,}"


def hint_of(path: Path) -> str:
    """What to do about a file that changed."""
    return f"restore it; to trust it as it is, delete {path.with_name(RECORD)}"


def sha256_of(path: Path) -> str:
    """The SHA-256 of a file, in hexadecimal."""
    with open_input(path) as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def sample_of(path: Path, size: int) -> str:
    """The SHA-256 of blocks spread evenly over a file of ``size`` bytes, both ends included."""
    digest = hashlib.sha256()
    with open_input(path) as file:
        for start in starts(size):
            file.seek(start)
            digest.update(file.read(SAMPLE_BYTES))
    return digest.hexdigest()


def starts(size: int) -> Iterable[int]:
    """Where the sampled blocks of a file of ``size`` bytes begin."""
    last = max(size - SAMPLE_BYTES, 0)
    return sorted({last * number // (SAMPLES - 1) for number in range(SAMPLES)})
