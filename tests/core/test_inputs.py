"""What is read is a regular file; nothing else makes a command wait."""

from __future__ import annotations

import os
import re

import pytest

from lvmctl.config import load_experiments
from lvmctl.core.errors import DataError, UsageError
from lvmctl.core.inputs import open_input, read_text
from lvmctl.data.splits.sources import Source


@pytest.fixture
def pipe(tmp_path):
    os.mkfifo(tmp_path / "pipe.npz")
    return tmp_path / "pipe.npz"


def test_a_file_is_read_without_its_mark(tmp_path):
    (tmp_path / "f").write_bytes(b"\xef\xbb\xbfa\r\nb")
    assert read_text(tmp_path / "f") == "a\nb"


def test_pipes_devices_folders_and_loops_are_refused(pipe, tmp_path):
    (tmp_path / "loop").symlink_to("loop")
    for path in (pipe, "/dev/zero", tmp_path, tmp_path / "loop"):
        with pytest.raises(OSError, match=re.escape(str(path))):
            open_input(path)


def test_readers_refuse_a_pipe(pipe):
    with pytest.raises(DataError, match="a pipe or a device") as caught:
        Source.parse(str(pipe)).open()
    assert caught.value.exit_code == 3
    with pytest.raises(UsageError, match="a pipe or a device"):
        load_experiments(pipe)


def test_toml_with_a_mark_or_endless_brackets(tmp_path):
    path = tmp_path / "e.toml"
    path.write_bytes(b'\xef\xbb\xbf[e]\nrecipe = "p8"\n')
    assert load_experiments(path).names() == ["e"]
    path.write_text("a = " + "[" * 100_000)
    with pytest.raises(UsageError, match="not TOML") as caught:
        load_experiments(path)
    assert caught.value.exit_code == 2
