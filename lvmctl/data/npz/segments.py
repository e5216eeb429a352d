"""What is imported from NPZ files, and what a user hears about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lvmctl.core.formatting import count
from lvmctl.data.npz.assembly import Assembly
from lvmctl.data.npz.files import BankFile, WindowFile, hashes

MAX_SHARED = 0.01
"""Share of a held-out split's chunks that may be training chunks too before it is reported."""


@dataclass
class Segment:
    """One split of one file on its way into the store.

    Attributes:
        windows: the windows, None for a bank of chunks.
        file: where the vectors come from, by flat row: the windows, or a bank.
        assembly: how flat rows become articles.
        split: the split its articles go to, or None.
        left_out: arrays that were not read.
        shared: share of the chunks that are in the training split too.
    """

    windows: WindowFile | None
    file: WindowFile | BankFile
    assembly: Assembly
    split: str | None
    left_out: tuple[str, ...] = ()
    shared: float = 0.0

    @property
    def path(self) -> Path:
        """The file that was named."""
        return (self.windows or self.file).path

    @property
    def notices(self) -> list[str]:
        """What a user should hear, one line each."""
        notices = [*self.file.notices, *self.assembly.notices]
        if self.windows is not None and self.windows is not self.file:
            notices += self.windows.notices
        return notices

    def lines(self) -> list[str]:
        """What was found, for a reader."""
        assembly, layout, windows = self.assembly, self.assembly.layout, self.windows
        name = str(self.path) if self.split is None else f"{self.path} ({self.split})"
        articles = count(len(layout.lengths), "article")
        content = f"{count(len(layout.source), 'chunk')} in {articles} ({assembly.how})"
        if windows is not None:
            of_chunks = f"of {count(windows.context_length, 'chunk')}"
            content = f"{count(windows.windows, 'window')} {of_chunks}, {content}"
        lines = [f"{name}: {content}", *self.notices]
        if assembly.crossing:
            crossing = count(assembly.crossing, "window")
            lines.append(f"{name}: {crossing} across two articles left out")
        if assembly.cuts:
            places = count(assembly.cuts, "place")
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
        """What was found, for the manifest."""
        assembly, windows = self.assembly, self.windows
        return {
            "file": str(self.path),
            "split": self.split,
            "windows": windows and windows.windows,
            "context": windows and windows.context_length,
            "horizon": windows and windows.horizon,
            "chunks": len(assembly.layout.source),
            "articles": len(assembly.layout.lengths),
            "how": assembly.how,
            "cuts": assembly.cuts,
            "crossing": assembly.crossing,
            "lost": assembly.lost,
            "shared": self.shared,
            "left_out": list(self.left_out),
            "notices": self.notices,
        }


def find_shared(segments: Sequence[Segment]) -> None:
    """Find how much of each held-out segment is in the training split too."""
    training = [_chunk_hashes(segment) for segment in segments if segment.split == "train"]
    for segment in segments:
        if training and segment.split != "train":
            segment.shared = float(np.isin(_chunk_hashes(segment), np.concatenate(training)).mean())


def _chunk_hashes(segment: Segment) -> np.ndarray:
    """(N,) hashes of a segment's chunks."""
    source, known = segment.assembly.layout.source, segment.assembly.hashes
    return hashes(segment.file, source) if known is None else known[source]
