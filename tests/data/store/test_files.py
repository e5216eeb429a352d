"""Directories that appear whole, and what is left when their writer is killed."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from lvmctl.core.errors import OutputError
from lvmctl.data.store.files import new_directory

WRITER = """
import sys, time
from pathlib import Path
from lvmctl.data.store.files import new_directory
with new_directory(Path(sys.argv[1])) as directory:
    (directory / "half").write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


@pytest.fixture
def writer(tmp_path):
    """A process that is writing ``out``."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path / "out")], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout.readline() == "writing\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def _write(path, text="whole"):
    with new_directory(path) as directory:
        (directory / "file").write_text(text)


def _left(path):
    return sorted(item.name for item in path.iterdir() if item.name.startswith("."))


def test_a_killed_writer_is_swept_by_the_next_of_the_same_output(tmp_path, writer):
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert len(_left(tmp_path)) == 1
    _write(tmp_path / "other")
    assert len(_left(tmp_path)) == 1
    _write(tmp_path / "out")
    assert _left(tmp_path) == []
    assert (tmp_path / "out" / "file").read_text() == "whole"


def test_a_living_writer_is_left_alone(tmp_path, writer):
    before = _left(tmp_path)
    _write(tmp_path / "out")
    assert _left(tmp_path) == before
    assert (tmp_path / before[0] / "new" / "half").read_text() == "half"


def test_the_only_copy_of_what_was_replaced_stays(tmp_path):
    stale = tmp_path / ".out.abcd1234.tmp"
    (stale / "old").mkdir(parents=True)
    (stale / "new").mkdir()
    _write(tmp_path / "out")
    assert stale.exists()
    _write(tmp_path / "out")  # now something stands in its place
    assert not stale.exists()


def test_what_stood_there_comes_back_where_the_new_one_cannot_take_its_place(tmp_path, monkeypatch):
    _write(tmp_path / "out", "old")
    rename = Path.rename

    def refuse(self, target):
        if self.name == "new":
            raise OSError(errno.EIO, "input/output error")
        return rename(self, target)

    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(OutputError, match="input/output error"):
        _write(tmp_path / "out", "new")
    assert (tmp_path / "out" / "file").read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.parametrize("name", [".out.notes.tmp", ".out.abcd1234.tmp"])
def test_directories_of_others_are_left_alone(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.tex").write_text("years")
    _write(tmp_path / "out")
    assert (tmp_path / name / "thesis.tex").read_text() == "years"
    assert os.listdir(tmp_path / name) == ["thesis.tex"]


def test_a_directory_swept_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    from lvmctl.data.store import files

    lock, swept = files._lock, []

    def late(work):
        if not swept:
            swept.append(work)
            work.rmdir()
        return lock(work)

    monkeypatch.setattr(files, "_lock", late)
    _write(tmp_path / "out")
    assert os.listdir(tmp_path) == ["out"]
    assert (tmp_path / "out" / "file").read_text() == "whole"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files in /proc")
def test_no_file_stays_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        _write(tmp_path / "out")
    assert len(os.listdir("/proc/self/fd")) == before
