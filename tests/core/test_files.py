"""Files appear whole or not at all, and a failed write says why and what to do."""

from __future__ import annotations

import errno
import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.core.errors import OutputError
from lvmctl.core.files import jsonable, output_errors, write_json, write_whole


@pytest.fixture
def old(tmp_path: Path) -> Path:
    path = tmp_path / "kept.txt"
    path.write_bytes(b"old")
    return path


def only(path: Path) -> bool:
    """Whether nothing but ``path`` is in its directory, temporary files included."""
    return os.listdir(path.parent) == [path.name]


def test_a_file_is_written_and_replaced(tmp_path):
    path = tmp_path / "a.bin"
    for content in (b"first", b"second, longer", b""):
        write_whole(path, lambda file, content=content: file.write(content))
        assert path.read_bytes() == content
        assert path.stat().st_mode & 0o777 == 0o644
        assert only(path)


def test_content_is_on_disk_before_the_name(old, monkeypatch):
    calls = []
    for name in ("fsync", "replace"):
        real = getattr(os, name)
        monkeypatch.setattr(os, name, lambda *a, n=name, r=real: calls.append(n) or r(*a))
    write_whole(old, lambda file: file.write(b"new"))
    assert calls == ["fsync", "replace", "fsync"]  # the file, its name, its directory


@pytest.mark.parametrize("error", [ValueError("no"), KeyboardInterrupt()], ids=repr)
def test_a_failing_fill_leaves_the_old_file(old, error):
    def fill(file):
        file.write(b"half of the new")
        raise error

    with pytest.raises(type(error)):
        write_whole(old, fill)
    assert old.read_bytes() == b"old"
    assert only(old)


@pytest.mark.parametrize(
    ("code", "message"),
    [
        (errno.ENOSPC, "no space left on device); free some space or write elsewhere"),
        (errno.EDQUOT, "disk quota exceeded); free some space or write elsewhere"),
        (errno.EROFS, "read-only file system); the place is read-only: write elsewhere"),
        (errno.EACCES, "permission denied); no permission to write there: choose another place"),
        (errno.EIO, "input/output error); check the place and try again"),
    ],
)
@pytest.mark.parametrize("call", ["fsync", "replace"])
def test_a_disk_that_fails_leaves_the_old_file(old, monkeypatch, call, code, message):
    def fail(*_):
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr(os, call, fail)
    with pytest.raises(OutputError) as caught:
        write_whole(old, lambda file: file.write(b"new"))
    assert str(caught.value) == f"{old}: cannot be written ({message}"
    assert caught.value.exit_code == 6
    assert old.read_bytes() == b"old"
    assert only(old)


def test_a_missing_directory_is_named(tmp_path):
    path = tmp_path / "nowhere" / "a.json"
    with pytest.raises(OutputError, match=r"a\.json: cannot be written \(no such file") as caught:
        write_json(path, {})
    assert isinstance(caught.value.__cause__, FileNotFoundError)


FULL_DISK = """
import resource, signal, sys
from pathlib import Path
from lvmctl.core.errors import OutputError
from lvmctl.core.files import write_whole
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
try:
    write_whole(Path(sys.argv[1]), lambda file: file.write(bytes(1_000_000)))
except OutputError as error:
    sys.exit(str(error))
"""


def test_a_write_that_really_runs_out_of_room(old):
    done = subprocess.run(
        [sys.executable, "-c", FULL_DISK, old], capture_output=True, text=True, timeout=600
    )
    assert done.stderr.strip() == (
        f"{old}: cannot be written (file too large); raise the file-size limit or write elsewhere"
    )
    assert old.read_bytes() == b"old"
    assert only(old)


def test_other_errors_pass_through_output_errors():
    with pytest.raises(ZeroDivisionError), output_errors("a file"):
        _ = 1 / 0


def test_numbers_that_json_does_not_have_become_null(tmp_path):
    path = tmp_path / "a.json"
    value = {"loss": float("nan"), "by": [float("inf"), -float("inf"), 1.5], "at": (1, None)}
    write_json(path, value)
    assert json.loads(path.read_text()) == {"loss": None, "by": [None, None, 1.5], "at": [1, None]}
    assert path.read_text().endswith("}\n")


def test_what_comes_from_numpy_becomes_pythons():
    value = {"a": np.float32("inf"), "b": np.arange(3), "c": np.bool_(True), "d": np.float64(0.5)}
    plain = jsonable(value)
    assert plain == {"a": None, "b": [0, 1, 2], "c": True, "d": 0.5}
    assert [type(each) for each in (plain["c"], plain["d"])] == [bool, float]


def test_what_json_cannot_hold_is_refused():
    with pytest.raises(TypeError, match="cannot hold a value of type object"):
        jsonable({"a": [object()]})


def test_keys_and_paths_become_text(tmp_path):
    path = tmp_path / "ä.json"
    write_json(path, {1: Path("a/b"), "é": True})
    assert json.loads(path.read_text(encoding="utf-8")) == {"1": "a/b", "é": True}
    assert "é" in path.read_text(encoding="utf-8")


@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
        lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
        max_leaves=10,
    )
)
def test_any_tree_of_numbers_is_valid_json(value):
    text = json.dumps(jsonable(value), allow_nan=False)
    assert json.loads(text) == jsonable(value)


def test_a_value_json_cannot_hold_leaves_the_old_file(old):
    with pytest.raises(TypeError):
        write_json(old, {"a": object()})
    assert old.read_bytes() == b"old"
    assert only(old)


def test_a_link_is_written_through(old):
    link = old.with_name("link")
    link.symlink_to(old.name)
    write_whole(link, lambda file: file.write(b"new"))
    assert link.is_symlink()
    assert old.read_bytes() == b"new"


@pytest.mark.skipif(os.name != "posix", reason="needs pipes and links")
@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("pipe", "is not a regular file"),
        ("link to a device", "is not a regular file"),
        ("link to nothing", "is a link to nothing"),
        ("directory", "is a directory"),
    ],
)
def test_only_regular_files_are_replaced(tmp_path, kind, message):
    path = tmp_path / "out"
    {
        "pipe": lambda: os.mkfifo(path),
        "link to a device": lambda: path.symlink_to("/dev/null"),
        "link to nothing": lambda: path.symlink_to("nothing"),
        "directory": path.mkdir,
    }[kind]()
    before = path.lstat()
    with pytest.raises(OutputError, match=message) as caught:
        write_whole(path, lambda file: file.write(b"new"))
    assert caught.value.exit_code == 6
    assert os.path.samestat(path.lstat(), before)
    assert only(path)


def test_what_appears_while_it_is_written_is_asked_about_again(tmp_path):
    path = tmp_path / "out"

    def refuse(place):
        if place.exists():
            raise OutputError("exists", where=place)

    def fill(file):
        file.write(b"new")
        path.write_text("another's")

    with pytest.raises(OutputError, match="out: exists"):
        write_whole(path, fill, refuse)
    assert path.read_text() == "another's"
    assert only(path)


def test_names_that_are_no_utf_8_are_escaped_and_come_back(tmp_path):
    value = {"caf\udce9": ["é \\ \ud83d", "漢"]}
    write_json(tmp_path / "f.json", value)
    assert json.loads((tmp_path / "f.json").read_bytes().decode("utf-8")) == value
    assert "漢" in (tmp_path / "f.json").read_text(encoding="utf-8")
