"""What a plugin's code does to the process is undone: where output goes, and the directory."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, redirect_stdout, suppress


@contextmanager
def undone() -> Iterator[None]:
    """What is printed goes to stderr, since stdout is data, and the directory stays what it was."""
    with same_directory(), redirect_stdout(sys.stderr), _descriptor():
        yield


@contextmanager
def same_directory() -> Iterator[None]:
    """The working directory is what it was, or every relative path would mean another."""
    directory = None
    with suppress(OSError):  # it may be gone
        directory = os.getcwd()
    try:
        yield
    finally:
        with suppress(OSError):
            if directory is not None and os.getcwd() != directory:
                os.chdir(directory)


@contextmanager
def _descriptor() -> Iterator[None]:
    """The same below Python: C libraries and child processes write to the descriptor itself."""
    try:
        stdout = os.dup(1)
    except OSError:  # stdout is closed
        yield
        return
    try:
        with suppress(OSError):
            os.dup2(2, 1)
        yield
    finally:
        os.dup2(stdout, 1)
        os.close(stdout)
