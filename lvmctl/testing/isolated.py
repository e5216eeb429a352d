"""Where a check trains: a directory that goes away."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from tempfile import TemporaryDirectory

import torch


@contextmanager
def isolated() -> Iterator[Path]:
    """A directory that goes away, nothing on the terminal, and torch left as it was."""
    precision = torch.backends.mkldnn.matmul.fp32_precision
    quiet = redirect_stdout(io.StringIO()), redirect_stderr(io.StringIO())
    temporary = TemporaryDirectory(prefix="lvmctl-check-")
    with temporary as place, torch.random.fork_rng(devices=[]), quiet[0], quiet[1]:
        try:
            yield Path(place)
        finally:
            torch.backends.mkldnn.matmul.fp32_precision = precision
            torch.set_flush_denormal(False)
