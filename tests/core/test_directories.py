"""Directories that appear whole, replace nothing unasked, and what a killed writer leaves."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import pytest
from filelock import FileLock

from lvmctl.core import directories, rename
from lvmctl.core.directories import new_directory, refuse_existing
from lvmctl.core.errors import OutputError
from lvmctl.core.temporary import PREFIX

WRITER = """
import sys, time
from pathlib import Path
from lvmctl.core.directories import new_directory
with new_directory(Path(sys.argv[1]), lambda path: None) as directory:
    (directory / "half").write_text("half")
    print("writing", flush=True)
    time.sleep(600)
"""


def is_ours(path: Path) -> bool:
    """What may be replaced with force, in these tests."""
    return (path / "file").is_file()


GENTLE = partial(refuse_existing, force=False, replaceable=is_ours)
FORCE = partial(refuse_existing, force=True, replaceable=is_ours)


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


@pytest.fixture(params=["renameat2", "without"])
def system(request, monkeypatch):
    """With the system call, and where there is none."""
    if request.param == "without":
        monkeypatch.setattr(rename, "_system_call", lambda: None)


def _write(path, text="whole", refuse=GENTLE, meanwhile=lambda: None):
    with new_directory(path, refuse) as directory:
        (directory / "inner").mkdir()
        (directory / "inner" / "file").write_text(text)
        (directory / "file").write_text(text)
        meanwhile()


def _left(path):
    return sorted(item.name for item in path.iterdir() if item.name.startswith("."))


def test_a_killed_writer_is_swept_by_the_next_in_the_same_place(tmp_path, writer):
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    assert len(_left(tmp_path)) == 1
    _write(tmp_path / "other")
    assert _left(tmp_path) == []
    _write(tmp_path / "out")
    assert (tmp_path / "out" / "file").read_text() == "whole"


def test_a_living_writer_is_left_alone(tmp_path, writer):
    before = _left(tmp_path)
    _write(tmp_path / "out")
    assert _left(tmp_path) == before
    assert (tmp_path / before[0] / "half").read_text() == "half"


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("refuse", [GENTLE, FORCE])
@pytest.mark.parametrize("rival", ["a folder", "a file", "an empty folder"])
def test_what_appears_meanwhile_is_not_replaced(tmp_path, refuse, rival):
    out = tmp_path / "out"

    def appear():
        if rival == "a file":
            out.write_text("years")
        else:
            out.mkdir()
            if rival == "a folder":
                (out / "thesis.tex").write_text("years")

    with pytest.raises(OutputError, match=r"already exists|does not replace"):
        _write(out, refuse=refuse, meanwhile=appear)
    assert os.listdir(tmp_path) == ["out"]
    kept = out.read_text() if rival == "a file" else os.listdir(out)
    assert kept == {"a file": "years", "a folder": ["thesis.tex"], "an empty folder": []}[rival]


@pytest.mark.usefixtures("system")
def test_the_result_of_another_command_stays_but_with_force(tmp_path):
    out = tmp_path / "out"
    with pytest.raises(OutputError, match="already exists"):
        _write(out, "second", meanwhile=lambda: _write(out, "first"))
    assert (out / "file").read_text() == "first"
    with new_directory(out, FORCE) as new:
        (new / "file").write_text("third")
        assert (out / "file").read_text() == "first"
    assert (out / "file").read_text() == "third"
    assert sorted(os.listdir(out)) == ["file"]
    assert os.listdir(tmp_path) == ["out"]


@pytest.mark.usefixtures("system")
@pytest.mark.parametrize("code", [errno.EIO, errno.ENOSPC])
def test_what_stood_there_stays_where_the_rename_fails(tmp_path, monkeypatch, code):
    _write(tmp_path / "out", "old")

    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(directories, "exchange", fail)
    with pytest.raises(OutputError, match=os.strerror(code).lower()):
        _write(tmp_path / "out", "new", FORCE)
    assert (tmp_path / "out" / "file").read_text() == "old"
    assert os.listdir(tmp_path) == ["out"]


def test_a_link_to_a_directory_is_followed(tmp_path):
    _write(tmp_path / "real", "old")
    (tmp_path / "link").symlink_to("real")
    with pytest.raises(OutputError, match="link: already exists"):
        _write(tmp_path / "link")
    _write(tmp_path / "link", "new", FORCE)
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real" / "file").read_text() == "new"


@pytest.mark.parametrize("name", [".lvmctl-notes", f"{PREFIX}{'g' * 16}", ".out.abcd1234.tmp"])
def test_directories_of_others_are_left_alone(tmp_path, name):
    (tmp_path / name).mkdir()
    (tmp_path / name / "thesis.tex").write_text("years")
    _write(tmp_path / "out")
    assert (tmp_path / name / "thesis.tex").read_text() == "years"


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="counts open files in /proc")
def test_no_file_stays_open(tmp_path):
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(3):
        _write(tmp_path / "out", refuse=FORCE)
    assert len(os.listdir("/proc/self/fd")) == before


def test_a_directory_that_is_written_into_is_replaced_afterwards(tmp_path):
    path = tmp_path / "store"
    path.mkdir()

    def replace():
        with new_directory(path, lambda _: None) as fresh:
            (fresh / "new").touch()

    with ThreadPoolExecutor(1) as pool:
        with FileLock(path / ".lock", thread_local=False):
            done = pool.submit(replace)
            with pytest.raises(TimeoutError):
                done.result(timeout=0.3)
            assert not (path / "new").exists()
        done.result(timeout=60)
    assert os.listdir(path) == ["new"]


@pytest.mark.parametrize(("name", "advised"), [("file", True), ("foreign", False)])
def test_force_is_advised_only_where_it_would_help(tmp_path, name, advised):
    (tmp_path / name).write_text("")
    with pytest.raises(OutputError, match="already exists") as caught:
        GENTLE(tmp_path)
    assert ("--force" in caught.value.hint) == advised
