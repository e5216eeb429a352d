"""Renames that replace nothing and renames that swap, with the system's help and without."""

from __future__ import annotations

import os
import sys

import pytest

from lvmctl.core import rename
from lvmctl.core.rename import exchange, rename_new


@pytest.fixture(params=["renameat2", "without"], autouse=True)
def system(request, monkeypatch):
    if request.param == "without":
        monkeypatch.setattr(rename, "_system_call", lambda: None)
    elif sys.platform != "linux":
        pytest.skip("Linux has renameat2")


@pytest.fixture(params=["file", "directory"])
def make(request):
    def make(path, text):
        if request.param == "file":
            path.write_text(text)
        else:
            path.mkdir()
            (path / "text").write_text(text)
        return path

    return make


def _text(path):
    return (path / "text" if path.is_dir() else path).read_text()


def test_a_free_name_is_taken_and_one_that_is_used_is_not(tmp_path, make):
    old, new = make(tmp_path / "old", "old"), make(tmp_path / "new", "new")
    with pytest.raises(FileExistsError):
        rename_new(new, old)
    assert (_text(old), _text(new)) == ("old", "new")
    rename_new(new, tmp_path / "ünused")
    assert sorted(os.listdir(tmp_path)) == ["old", "ünused"]
    assert _text(tmp_path / "ünused") == "new"


@pytest.mark.parametrize("there", ["an empty directory", "a dangling link"])
def test_whatever_has_the_name_keeps_it(tmp_path, make, there):
    new, target = make(tmp_path / "new", "new"), tmp_path / "target"
    target.mkdir() if there == "an empty directory" else target.symlink_to("nothing")
    with pytest.raises(FileExistsError):
        rename_new(new, target)
    assert _text(new) == "new"


def test_two_names_are_swapped(tmp_path, make):
    old, new = make(tmp_path / "old", "old"), make(tmp_path / "new", "new")
    exchange(new, old)
    assert (_text(old), _text(new)) == ("new", "old")
    assert sorted(os.listdir(tmp_path)) == ["new", "old"]


def test_a_failure_in_the_middle_leaves_the_old_name(tmp_path):
    (tmp_path / "old").write_text("old")
    with pytest.raises(FileNotFoundError):
        exchange(tmp_path / "missing", tmp_path / "old")
    assert os.listdir(tmp_path) == ["old"]
