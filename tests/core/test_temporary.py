"""Temporary files and directories: what a killed command left is removed, nothing else is."""

from __future__ import annotations

import os

import pytest

from lvmctl.core import temporary as module
from lvmctl.core.temporary import PREFIX, sweep, temporary

LEFT = f"{PREFIX}{'0' * 16}"


@pytest.mark.parametrize("directory", [False, True])
def test_it_is_there_while_it_is_used(tmp_path, directory):
    with temporary(tmp_path, directory) as path:
        assert (path.parent, path.is_dir()) == (tmp_path, directory)
        assert sweep(tmp_path) == []
        assert path.exists()
    assert os.listdir(tmp_path) == []


def test_it_goes_when_the_block_fails_and_stays_when_it_is_renamed(tmp_path):
    with pytest.raises(ZeroDivisionError), temporary(tmp_path):
        raise ZeroDivisionError
    with temporary(tmp_path) as path:
        path.rename(tmp_path / "kept")
    assert os.listdir(tmp_path) == ["kept"]


def test_modes_are_the_users(tmp_path):
    before = os.umask(0o027)
    try:
        with temporary(tmp_path) as file, temporary(tmp_path, directory=True) as directory:
            modes = [path.stat().st_mode & 0o777 for path in (file, directory)]
    finally:
        os.umask(before)
    assert modes == [0o640, 0o750]


def test_what_nobody_holds_is_removed(tmp_path):
    (tmp_path / LEFT).mkdir()
    (tmp_path / LEFT / "new").write_text("half")
    assert sweep(tmp_path) == [tmp_path / LEFT]
    (tmp_path / LEFT).write_text("half")
    with temporary(tmp_path):
        assert not (tmp_path / LEFT).exists()


@pytest.mark.parametrize("name", [f"{PREFIX}notes", LEFT[:-1], f"{LEFT}0", f"{LEFT}.tmp", LEFT[1:]])
def test_what_is_only_called_alike_stays(tmp_path, name):
    (tmp_path / name).write_text("years")
    assert sweep(tmp_path) == []
    assert (tmp_path / name).read_text() == "years"


def test_links_and_pipes_stay(tmp_path):
    (tmp_path / "real").mkdir()
    (tmp_path / LEFT).symlink_to("real")
    os.mkfifo(tmp_path / f"{PREFIX}{'1' * 16}")  # opening it would wait for ever
    assert sweep(tmp_path) == []
    assert len(os.listdir(tmp_path)) == 3


def test_one_swept_before_it_was_locked_is_made_again(tmp_path, monkeypatch):
    hold, swept = module._hold, []

    def late(path):
        if not swept:
            swept.append(path)
            path.rmdir()
        return hold(path)

    monkeypatch.setattr(module, "_hold", late)
    with temporary(tmp_path, directory=True) as path:
        assert path.is_dir()
        assert path not in swept


def test_without_locks_nothing_is_swept(tmp_path, monkeypatch):
    monkeypatch.setattr(module, "fcntl", None)
    (tmp_path / LEFT).mkdir()
    with temporary(tmp_path) as path:
        assert path.exists()
    assert os.listdir(tmp_path) == [LEFT]
    assert sweep(tmp_path / "missing") == []
