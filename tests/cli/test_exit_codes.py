"""Every way a command can end: one line, and the code that goes with it."""

from __future__ import annotations

import click
import pytest

from lvmctl.cli import main as entry
from lvmctl.cli.lazy import LazyCommand
from lvmctl.cli.main import cli, run
from lvmctl.cli.process import Terminated
from lvmctl.core.errors import DataError, Interrupted


@pytest.fixture
def ends_with(monkeypatch, capsys):
    """``ends_with(error, *options)``: (exit code, stderr) of a command that raises ``error``."""

    def end(error: BaseException, *options: str) -> tuple[int, str]:
        @click.command()
        def broken() -> None:
            raise error

        monkeypatch.setattr(entry, "_broken_for_test", broken, raising=False)
        lazy = LazyCommand("lvmctl.cli.main:_broken_for_test", "Breaks.")
        monkeypatch.setitem(cli.lazy, "broken", lazy)
        return run([*options, "broken"]), capsys.readouterr().err

    return end


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (
            DataError("it is damaged", where="a.npz", hint="import it again"),
            3,
            "a.npz: it is damaged; im",
        ),
        (Interrupted(15, "stopped, all is saved"), 143, "stopped, all is saved"),
        (KeyboardInterrupt(), 130, "interrupted"),
        (PermissionError(13, "Permission denied", "/x"), 6, "/x: Permission denied"),
        (OSError(28, "No space left on device"), 6, "No space left on device"),
        (Terminated(), 143, "terminated"),
        (click.Abort(), 130, "interrupted"),
        (MemoryError(), 6, "not enough memory (Python found no room); make the model, the batch"),
        (RuntimeError("[enforce fail at alloc.cpp:1] can't allocate memory: x\nframe 1"), 6, "(["),
        (RuntimeError("CUDA out of memory. Tried to allocate 9 GiB."), 6, "not enough memory (CU"),
        (OSError(12, "Cannot allocate memory"), 6, "not enough memory"),
        (ImportError("libx.so: failed to map segment from shared object"), 6, "not enough memory"),
        (RuntimeError("can't start new thread"), 6, "not enough memory (can't start new thread)"),
        (RuntimeError("mat1 and mat2 shapes cannot be multiplied"), 70, "RuntimeError: mat1"),
        (RecursionError("maximum recursion depth exceeded"), 70, "RecursionError"),
        (EOFError("no data left"), 70, "EOFError: no data left"),
        (click.ClickException("odd"), 1, "odd"),
        (
            ZeroDivisionError("by\nzero"),
            70,
            "fault in lvmctl: ZeroDivisionError: by zero; run `lvm",
        ),
    ],
)
def test_every_error_is_one_line_with_its_code(error, code, line, ends_with):
    ended, output = ends_with(error)
    assert ended == code
    assert output.startswith("error: ")
    assert output.count("\n") == 1
    assert line in output


def test_debug_shows_the_traceback(ends_with):
    ended, line = ends_with(DataError("it is damaged"), "--debug")
    assert ended == 3
    assert "Traceback" in line
    assert line.endswith("error: it is damaged\n")


def test_memory_that_numpy_cannot_have(ends_with):
    import numpy as np

    with pytest.raises(MemoryError) as caught:
        np.empty(1 << 60, np.uint8)
    code, line = ends_with(caught.value)
    assert code == 6
    assert "not enough memory (Unable to allocate 1.00 EiB" in line


def test_memory_that_torch_hides(ends_with):
    """Its file in memory does not grow, and it says that it is broken."""
    error = RuntimeError("[enforce fail at inline_container.cc:672] . unexpected pos 704 vs 598")
    error.__context__ = MemoryError("no room")
    code, line = ends_with(error)
    assert code == 6
    assert "not enough memory (no room)" in line


def test_a_deleted_working_directory_is_named_with_a_hint(monkeypatch, tmp_path, ends_with):
    place = tmp_path / "gone"
    place.mkdir()
    monkeypatch.chdir(place)
    place.rmdir()
    code, line = ends_with(FileNotFoundError(2, "No such file or directory"))
    assert code == 6
    assert line == (
        "error: the working directory was deleted; change to one that exists, e.g. `cd ~`\n"
    )
