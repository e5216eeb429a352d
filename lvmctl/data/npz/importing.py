"""Window NPZ files → a store. Memory stays bounded whatever their size."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, refuse
from lvmctl.core.formatting import count
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.data.npz.assembly import assemble, from_bank, separate, whole_bank
from lvmctl.data.npz.files import BankFile, WindowFile, is_bank, splits_of
from lvmctl.data.npz.read import Npz, open_npz
from lvmctl.data.npz.segments import Segment, find_shared
from lvmctl.data.store.arrays import blocks
from lvmctl.data.store.checks import norms_of
from lvmctl.data.store.manifest import SPLITS, split_in_name
from lvmctl.data.store.writer import Create, StoreWriter, made

_SAME = 1e-3  # relative distance within which two copies of a chunk are the same


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
) -> list[Segment]:
    """Write NPZ files into one store.

    Args:
        name_splits: a file without splits of its own is one, see :func:`split_names`.
        horizon: of windows; None takes the file's ``p6_offset`` + 1, else 1.
        bank: NPZ of chunks that supplies the articles of the windows.
        trust_pickle: load object arrays (``metadata``, texts, ids) by unpickling them.
        apart: keep every window an article of its own even where they could be assembled.

    Returns:
        What was found, for each split of each file.
    """
    with ExitStack() as stack:
        archives = [stack.enter_context(open_npz(path, trust_pickle)) for path in paths]
        parts = [splits_of(npz) for npz in archives]
        plain = [npz.path for npz, part in zip(archives, parts) if part == {"": None}]
        names = dict(zip(plain, split_names(plain))) if name_splits else {}
        bank_file = bank and BankFile(stack.enter_context(open_npz(bank, trust_pickle)))
        segments: list[Segment] = []
        for npz, part in zip(archives, parts):
            for prefix, split in part.items():
                split = split or names.get(npz.path)
                if is_bank(npz, prefix):
                    chunks = BankFile(npz, prefix)
                    segments.append(Segment(None, chunks, whole_bank(chunks), split))
                    continue
                file = WindowFile(npz, horizon, prefix)
                if bank_file is not None:
                    made_of = from_bank(file, bank_file, reporter)
                else:
                    made_of = separate(file) if apart else assemble(file, reporter)
                segments.append(Segment(file, bank_file or file, made_of, split))
            segments[-1].left_out = _left_out(npz)
        shape = _window_shape(segments)
        for segment in segments:
            _check_rows(segment)
            if segment.file.has_texts:
                _report_contradictions(segment)
        _report_lost_texts(segments)
        find_shared(segments)
        has_texts = [segment.file.has_texts for segment in segments]
        dtype = np.result_type(*(segment.file.dtype for segment in segments))
        with create(segments[0].file.dim, dtype) as writer:
            files = [segment.record() for segment in segments]
            writer.manifest["made"] = made("import", files=files)
            if any(segment.assembly.apart for segment in segments):
                writer.manifest["separate"] = True
            if shape is not None:
                context, ahead = shape
                writer.manifest["windows"] = {"context": context, "horizon": ahead}
            total = sum(len(segment.assembly.layout.source) for segment in segments)
            with reporter.progress("import", "chunks", total) as done:
                for segment in segments:
                    _write(writer, segment, done, all(has_texts))
    return segments


def split_names(paths: Sequence[Path]) -> list[str | None]:
    """The split of each file: the one its name contains, else train, val, test, ood in turn; one
    file alone whose name says none has none."""
    named = [split_in_name(path.stem) for path in paths]
    if named == [None]:
        return [None]
    free = [split for split in SPLITS if split not in named]
    what = "more files than splits, and their names do not tell which is which"
    hint = "put train, val, test or ood in the file names"
    refuse(named.count(None) > len(free), what, ", ".join(map(str, paths)), hint)
    return [name or free.pop(0) for name in named]


def _left_out(npz: Npz) -> tuple[str, ...]:
    """Arrays that were not read; why, where it is not that they have no meaning here."""
    unread = [key for key in npz if key not in npz.used]
    hint = " (pickled, see --trust-pickle)"
    return tuple(f"{key}{'' if npz.readable(key) else hint}" for key in unread)


def _report_lost_texts(segments: Sequence[Segment]) -> None:
    """Say whose texts are not stored because other chunks have none."""
    without = [segment for segment in segments if not segment.file.has_texts]
    for segment in segments:
        if without and segment.file.has_texts:
            file, other = segment.file, without[0]
            which = f"{other.file.path}{f' ({other.split})' if other.split else ''}"
            whose = f" of {segment.split}" if segment.split else ""
            line = f"{file.path}: the texts{whose} are left out, since {which} has none"
            file.notices.append(f"{line}; import them apart to keep them")


def _window_shape(segments: Sequence[Segment]) -> tuple[int, int] | None:
    """(K, h) when windows with horizon above 1 are kept apart; then all files must be so."""
    first = segments[0].file
    for segment in segments[1:]:
        what = f"has dimension {segment.file.dim}, {first.path} has {first.dim}"
        hint = "one store holds vectors of one dimension"
        refuse(segment.file.dim != first.dim, what, segment.file.path, hint)
    shapes = {
        (segment.file.context_length, segment.file.horizon) if segment.assembly.apart else None
        for segment in segments
    }
    if all(shape is None or shape[1] == 1 for shape in shapes):
        return None
    what = "windows kept apart with a horizon above 1 cannot share a store with other data"
    files = ", ".join(str(segment.file.path) for segment in segments)
    refuse(len(shapes) > 1, what, files, "import the files into stores of their own")
    return shapes.pop()


def _rows_of(segment: Segment) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The flat rows that are chunks, in blocks, and the row that each one's chunk is taken from."""
    file, layout = segment.file, segment.assembly.layout
    for low, high in blocks(file.count, file.dim * 8):
        rows = np.arange(low, high)[layout.chunk[low:high] >= 0]
        if len(rows):
            yield rows, layout.source[layout.chunk[rows]]


def _check_rows(segment: Segment) -> None:
    """Refuse bad vectors, and two different vectors for one place of an article."""
    file = segment.file
    for rows, chosen in _rows_of(segment):
        vectors = file.gather(rows)
        norms = norms_of(vectors, lambda i, rows=rows: file.label(int(rows[i])), file.path)
        again = np.flatnonzero(chosen != rows)
        distance = np.linalg.norm(vectors[again] - file.gather(chosen[again]), axis=1)
        unlike = again[distance > _SAME * norms[again]]
        if len(unlike):
            first, second = file.label(int(chosen[unlike[0]])), file.label(int(rows[unlike[0]]))
            what = f"{first} and {second} are at the same place of an article and differ"
            hint = "check --horizon and that article_ids are unique, or use --separate-windows"
            raise DataError(what, where=file.path, hint=hint)


def _report_contradictions(segment: Segment) -> None:
    """Say how many chunks have another text in one window than in the first that has them."""
    file, layout = segment.file, segment.assembly.layout
    unlike: list[int] = []
    for rows, chosen in _rows_of(segment):
        rows, chosen = rows[rows != chosen], chosen[rows != chosen]
        pairs = zip(rows.tolist(), file.texts(rows), file.texts(chosen))
        unlike += [row for row, text, first in pairs if text != first]
    if unlike:
        row = unlike[0]
        first = int(layout.source[layout.chunk[row]])
        said = [f"{file.label(at)}: {file.texts(np.array([at]))[0][:30]!r}" for at in (first, row)]
        chunks = count(len(np.unique(layout.chunk[unlike])), "chunk")
        line = f"{file.path}: {chunks} with several texts, of which the first is kept"
        file.notices.append(f"{line}, for instance {', '.join(said)}")


def _write(
    writer: StoreWriter, segment: Segment, done: Callable[[int], object], with_texts: bool
) -> None:
    file, layout = segment.file, segment.assembly.layout
    if file.metadata is not None and not isinstance(file.metadata, list):
        writer.manifest.setdefault("metadata", []).append(file.metadata)
    parts: dict[Any, int] = {}
    row = 0
    for index, length in enumerate(layout.lengths):
        source = layout.source[row : row + length]
        for low, high in blocks(int(length), file.dim * 4):
            rows = source[low:high]
            writer.add(file.gather(rows), file.texts(rows) if with_texts else None)
        writer.end_article(_entry(segment, index, int(source[0]), parts))
        row += length
        done(int(length))


def _entry(segment: Segment, index: int, row: int, parts: dict[Any, int]) -> dict[str, Any]:
    """The manifest entry of the article whose first chunk is flat row ``row``; ``parts`` counts
    the articles of each id so far."""
    file, at = segment.file, segment.file.entry(row)
    name = index if file.ids is None else file.ids[at].item()
    kind = "window" if segment.assembly.apart else "article"
    entry: dict[str, Any] = {"id": name, "title": f"{kind} {name}"}
    if file.titles is not None:
        entry["title"] = str(file.titles[at])
    parts[name] = parts.get(name, 0) + 1
    if segment.assembly.layout.first[index]:
        entry["first"] = int(segment.assembly.layout.first[index])
    elif parts[name] > 1 and not segment.assembly.apart:
        entry["part"] = parts[name]
    if segment.split is not None:
        entry["split"] = segment.split
    if isinstance(file.metadata, list) and at < len(file.metadata):
        entry["metadata"] = file.metadata[at]
    return entry
