"""What is imported from NPZ files, and what a user hears about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lvmctl.core.formatting import count
from lvmctl.data.npz.assembly import Assembly
from lvmctl.data.npz.files import BankFile, WindowFile, hashes

MAX_SHARED = 0.01
"""Share of a held-out split's chunks that may be training chunks too before it is reported."""


@dataclass(frozen=True)
class ImportReport:
    """What was found in one split of one file.

    Attributes:
        file, split: where it is from and goes to.
        windows: W; None for a bank of chunks.
        context, horizon: K and h of the windows.
        chunks, articles: what they became.
        how: what told which window follows which.
        cuts, crossing, lost: see :class:`~lvmctl.data.npz.assembly.Assembly`.
        shared: share of the chunks that are in the training split too.
        left_out: arrays that were not read.
        notices: what a user should hear, one line each.
    """

    file: str
    split: str | None
    windows: int | None
    context: int | None
    horizon: int | None
    chunks: int
    articles: int
    how: str
    cuts: int
    crossing: int
    lost: int
    shared: float
    left_out: tuple[str, ...]
    notices: tuple[str, ...]

    def lines(self) -> list[str]:
        """The same for a reader."""
        name = self.file if self.split is None else f"{self.file} ({self.split})"
        content = f"{count(self.chunks, 'chunk')} in {count(self.articles, 'article')} ({self.how})"
        if self.windows is not None:
            chunks = count(self.context or 0, "chunk")
            content = f"{count(self.windows, 'window')} of {chunks}, {content}"
        lines = [f"{name}: {content}", *self.notices]
        if self.crossing:
            windows = count(self.crossing, "window")
            lines.append(f"{name}: {windows} across two articles left out")
        if self.cuts:
            places = count(self.cuts, "place")
            lines.append(f"{name}: the text repeats, so articles may be cut at {places}")
        if self.shared > MAX_SHARED:
            lines.append(
                f"{name}: {self.shared:.1%} of its chunks are training chunks too: the splits cut "
                "through articles; import one file and let lvmctl data split choose whole ones"
            )
        if self.left_out:
            lines.append(f"{name}: not read: {', '.join(self.left_out)}")
        return lines

    def record(self) -> dict[str, Any]:
        """The same as plain data."""
        record = asdict(self)
        return {k: list(v) if isinstance(v, tuple) else v for k, v in record.items()}


@dataclass
class Segment:
    """One split of one file on its way into the store.

    Attributes:
        windows: the windows, None for a bank of chunks.
        file: where the vectors come from, by flat row: the windows, or a bank.
        assembly: how flat rows become articles.
        split: the split its articles go to, or None.
        left_out: arrays that were not read.
    """

    windows: WindowFile | None
    file: WindowFile | BankFile
    assembly: Assembly
    split: str | None
    left_out: tuple[str, ...] = ()


def report_segments(segments: Sequence[Segment]) -> list[ImportReport]:
    """What was found, and how much of each held-out split is in training too."""
    splits = {segment.split for segment in segments}
    compared = "train" in splits and len(splits) > 1
    chunks = [_chunk_hashes(segment) if compared else None for segment in segments]
    trained = [h for segment, h in zip(segments, chunks) if segment.split == "train"]
    training = np.unique(np.concatenate(trained)) if compared else np.zeros(0, np.int64)
    reports = []
    for segment, hashed in zip(segments, chunks):
        windows, assembly, layout = segment.windows, segment.assembly, segment.assembly.layout
        held_out = compared and segment.split != "train"
        notices = [*segment.file.notices, *assembly.notices]
        if windows is not None and windows is not segment.file:
            notices += windows.notices
        reports.append(
            ImportReport(
                file=str((windows or segment.file).path),
                split=segment.split,
                windows=windows and windows.windows,
                context=windows and windows.context_length,
                horizon=windows and windows.horizon,
                chunks=len(layout.source),
                articles=len(layout.lengths),
                how=assembly.how,
                cuts=assembly.cuts,
                crossing=assembly.crossing,
                lost=assembly.lost,
                shared=float(np.isin(hashed, training).mean()) if held_out else 0.0,
                left_out=segment.left_out,
                notices=tuple(notices),
            )
        )
    return reports


def _chunk_hashes(segment: Segment) -> np.ndarray:
    """(N,) hashes of a segment's chunks."""
    source, known = segment.assembly.layout.source, segment.assembly.hashes
    return hashes(segment.file, source) if known is None else known[source]
