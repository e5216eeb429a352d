"""Window NPZ files → a store. Memory stays bounded whatever their size."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.collapse import Layout, collapse, keep_apart, whole_windows
from lvmctl.data.npz.files import BankFile, WindowFile, is_bank
from lvmctl.data.npz.read import Npz, open_npz
from lvmctl.data.store.arrays import PickledError, blocks
from lvmctl.data.store.checks import norms_of
from lvmctl.data.store.manifest import SPLITS
from lvmctl.data.store.writer import Create, StoreWriter, made

MOST_LOST = 0.1
"""Share of windows that may be lost in collapsing before they are kept apart instead."""

_SAME = 1e-3  # relative distance within which two copies of a chunk are the same


@dataclass
class Segment:
    """One file on its way into the store.

    Attributes:
        file: its vectors, by flat row.
        layout: how flat rows become articles.
        split: the split its articles go to, or None.
        apart: each window is an article of its own.
        metadata: a list with that of each window, or one value for all; None unless trusted.
    """

    file: WindowFile | BankFile
    layout: Layout
    split: str | None
    apart: bool = False
    metadata: Any = None
    notices: list[str] = field(default_factory=list)


def write_npz(
    create: Create,
    paths: Sequence[Path],
    *,
    name_splits: bool = False,
    horizon: int | None = None,
    bank: Path | None = None,
    trust_pickle: bool = False,
    apart: bool = False,
    reporter: Reporter = SILENT,
) -> list[str]:
    """Write NPZ files into one store, one split per file if ``name_splits``.

    Args:
        horizon: of windows; None takes the file's ``p6_offset`` + 1, else 1.
        bank: NPZ of chunks that supplies the articles of windows with ids but no positions.
        trust_pickle: load object arrays (``metadata``, ids) by unpickling them.
        apart: keep every window an article of its own even where they could be collapsed.
        reporter: shown the chunks that are written.

    Returns:
        What a user should hear, one line each.

    Raises:
        DataError: files that are damaged, contradict themselves or do not fit together.
    """
    names = split_names(paths) if name_splits else [None] * len(paths)
    with ExitStack() as stack:
        archives = [stack.enter_context(open_npz(path, trust_pickle)) for path in paths]
        bank_file = bank and BankFile(stack.enter_context(open_npz(bank, trust_pickle)))
        segments = [
            _piece(npz, split, horizon, bank_file, apart) for npz, split in zip(archives, names)
        ]
        shape = _window_shape(segments)
        for segment in segments:
            _check_rows(segment)
        dtype = np.result_type(*(segment.file.dtype for segment in segments))
        with create(segments[0].file.dim, dtype) as writer:
            writer.manifest["made"] = made("import", files=[str(path) for path in paths])
            if any(segment.apart for segment in segments):
                writer.manifest["separate"] = True
            if shape is not None:
                context, ahead = shape
                writer.manifest["windows"] = {"context": context, "horizon": ahead}
            total = sum(int(segment.layout.lengths.sum()) for segment in segments)
            with reporter.progress("import", "chunks", total) as done:
                for segment in segments:
                    _write(writer, segment, done)
    return [notice for segment in segments for notice in (*segment.file.notices, *segment.notices)]


def split_names(paths: Sequence[Path]) -> list[str]:
    """The split of each file: the one its name contains, else train, val, test, ood in turn."""
    named = [_named_split(path) for path in paths]
    free = [split for split in SPLITS if split not in named]
    what = "more files than splits, and their names do not tell which is which"
    hint = "put train, val, test or ood in the file names"
    refuse(named.count(None) > len(free), what, ", ".join(map(str, paths)), hint)
    return [name or free.pop(0) for name in named]


def _named_split(path: Path) -> str | None:
    """The split in a file's name; ``test`` is the last to be looked for, as in ``test_ood.npz``."""
    for names in ("train|val|ood", "test"):
        if match := re.search(rf"(?<![a-z])({names})", path.stem.lower()):
            return match.group(1)
    return None


def _piece(
    npz: Npz, split: str | None, horizon: int | None, bank: BankFile | None, apart: bool
) -> Segment:
    if is_bank(npz):
        file = BankFile(npz)
        return Segment(file, collapse(*file.places(), file.path), split)
    file = WindowFile(npz, horizon)
    if bank is not None:
        return _from_bank(file, bank, split)
    segment = Segment(file, keep_apart(file.windows, file.context_length + 1), split, apart=True)
    places = file.places()
    if places is None:
        segment.notices.append(
            f"{npz.path} has no article_ids and target_indices: each window is an article of its "
            "own, and what needs longer articles cannot be computed"
        )
    elif not apart:
        _collapse(segment, *places)
    if "metadata" in npz.pickled:
        _read_metadata(segment, npz)
    return segment


def _collapse(segment: Segment, article: np.ndarray, position: np.ndarray) -> None:
    file = segment.file
    layout = collapse(article, position, file.path)
    span = file.context_length - 1 + file.horizon
    lost = int((~whole_windows(layout, file.context_length + 1, span)).sum())
    if lost > MOST_LOST * file.windows:
        segment.notices.append(
            f"{file.path}: {lost} of {file.windows} windows have a gap before their target that "
            "nothing fills: each window is an article of its own"
        )
        return
    segment.layout, segment.apart = layout, False
    if lost:
        segment.notices.append(
            f"{file.path}: {lost} of {file.windows} windows are lost, nothing fills the gap "
            "before their target"
        )


def _from_bank(windows: WindowFile, bank: BankFile, split: str | None) -> Segment:
    """The bank's articles that the windows name."""
    if windows.ids is None:
        hint = "the windows must say which articles they are from"
        raise DataError("has no article_ids", where=windows.path, hint=hint)
    what = f"has dimension {bank.dim}, {windows.path} has {windows.dim}"
    refuse(windows.dim != bank.dim, what, bank.path, "use a bank of the same encoder")
    wanted = np.unique(windows.ids)
    missing = wanted[~np.isin(wanted, bank.ids)]
    first = f"{missing[0]} first" if len(missing) else ""
    what = f"lacks {len(missing)} of the articles that {windows.path} names, {first}"
    refuse(len(missing), what, bank.path, "give the bank the windows were cut from")
    kept = np.flatnonzero(np.isin(bank.ids, wanted))
    ids, positions = bank.places()
    inside = collapse(ids[kept], positions[kept], bank.path)
    chunk = np.full(bank.count, -1)
    chunk[kept] = inside.chunk
    layout = Layout(kept[inside.source], chunk, inside.lengths, inside.first)
    return Segment(bank, layout, split)


def _read_metadata(segment: Segment, npz: Npz) -> None:
    try:
        segment.metadata = npz.unpickle("metadata").tolist()
    except PickledError as error:
        segment.notices.append(f"{error.where} is left out: it {error.what} (see --trust-pickle)")


def _window_shape(segments: Sequence[Segment]) -> tuple[int, int] | None:
    """(K, h) when windows with horizon above 1 are kept apart; then all files must be so."""
    first = segments[0].file
    for segment in segments[1:]:
        what = f"has dimension {segment.file.dim}, {first.path} has {first.dim}"
        hint = "one store holds vectors of one dimension"
        refuse(segment.file.dim != first.dim, what, segment.file.path, hint)
    shapes = {
        (segment.file.context_length, segment.file.horizon) if segment.apart else None
        for segment in segments
    }
    if all(shape is None or shape[1] == 1 for shape in shapes):
        return None
    what = "windows kept apart with a horizon above 1 cannot share a store with other data"
    files = ", ".join(str(segment.file.path) for segment in segments)
    refuse(len(shapes) > 1, what, files, "import the files into stores of their own")
    return shapes.pop()


def _check_rows(segment: Segment) -> None:
    """Refuse bad vectors, and two different vectors for one place of an article."""
    file, layout = segment.file, segment.layout
    for low, high in blocks(file.count, file.dim * 8):
        rows = np.arange(low, high)[layout.chunk[low:high] >= 0]
        if not len(rows):
            continue
        vectors = file.gather(rows)
        norms = norms_of(vectors, lambda i, rows=rows: file.label(int(rows[i])), file.path)
        chosen = layout.source[layout.chunk[rows]]
        again = np.flatnonzero(chosen != rows)
        distance = np.linalg.norm(vectors[again] - file.gather(chosen[again]), axis=1)
        unlike = again[distance > _SAME * norms[again]]
        if len(unlike):
            first, second = file.label(int(chosen[unlike[0]])), file.label(int(rows[unlike[0]]))
            raise DataError(
                f"{first} and {second} are at the same place of an article and differ",
                where=file.path,
                hint="check --horizon and that article_ids are unique, or use --separate-windows",
            )


def _write(writer: StoreWriter, segment: Segment, done: Callable[[int], object]) -> None:
    file, layout = segment.file, segment.layout
    if segment.metadata is not None and not isinstance(segment.metadata, list):
        writer.manifest.setdefault("metadata", []).append(segment.metadata)
    row = 0
    for index, length in enumerate(layout.lengths):
        source = layout.source[row : row + length]
        for low, high in blocks(int(length), file.dim * 4):
            writer.add(file.gather(source[low:high]))
        writer.end_article(_entry(segment, index, int(source[0])))
        row += length
        done(int(length))


def _entry(segment: Segment, index: int, row: int) -> dict[str, Any]:
    """The manifest entry of the article whose first chunk is flat row ``row``."""
    file = segment.file
    at = row if isinstance(file, BankFile) else row // (file.context_length + 1)
    name = index if file.ids is None else file.ids[at].item()
    entry = {"id": name, "title": f"{'window' if segment.apart else 'article'} {name}"}
    if segment.layout.first[index]:
        entry["first"] = int(segment.layout.first[index])
    if segment.split is not None:
        entry["split"] = segment.split
    if isinstance(segment.metadata, list) and at < len(segment.metadata):
        entry["metadata"] = segment.metadata[at]
    return entry
