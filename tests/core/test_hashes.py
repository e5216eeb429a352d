from __future__ import annotations

import hashlib
import json

import pytest

from lvmctl.core import hashes
from lvmctl.core.errors import DataError, OutputError, RunError
from lvmctl.core.hashes import (
    entry_of,
    fault_of,
    read_record,
    read_recorded,
    sample_of,
    write_record,
    write_recorded,
)


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "weights"
    write_recorded(path, b"first", RunError)
    return path


def test_the_record_holds_size_and_hash(file):
    digest = hashlib.sha256(b"first").hexdigest()
    assert read_record(file.parent, RunError) == {"weights": {"bytes": 5, "sha256": digest}}
    assert read_recorded(file, RunError) == b"first"


@pytest.mark.parametrize(
    ("content", "words"), [(b"worst", "its content is not"), (b"firs", "it has 4 bytes, not 5")]
)
def test_another_content_is_refused(file, content, words):
    file.write_bytes(content)
    for kind in (RunError, DataError):
        with pytest.raises(kind, match=rf"weights: changed .*{words}.*delete .*hashes\.json"):
            read_recorded(file, kind)


def test_what_is_not_recorded_is_read(file):
    other = file.with_name("other")
    other.write_bytes(b"x")
    assert read_recorded(other, RunError) == b"x"
    file.with_name("hashes.json").unlink()
    file.write_bytes(b"edited")
    assert read_recorded(file, RunError) == b"edited"


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"format": "x"}', "[" * 100_000, "\xff"])
def test_a_damaged_record_is_refused(file, text):
    file.with_name("hashes.json").write_text(text, encoding="latin-1")
    with pytest.raises(RunError, match=r"hashes\.json: .*read unchecked"):
        read_recorded(file, RunError)


@pytest.mark.parametrize(
    "entry",
    [
        *(None, 7, [], {}, {"bytes": 5}, {"sha256": "0"}, {"bytes": "5", "sha256": "0"}),
        *({"bytes": 5, "sha256": 0}, {"bytes": 5, "sha256": "0", "replaces": []}),
    ],
)
def test_an_entry_of_another_type_is_refused(file, entry):
    record = {"format": "lvmctl.hashes/1", "files": {"weights": entry}}
    file.with_name("hashes.json").write_text(json.dumps(record))
    with pytest.raises(RunError, match=r"hashes\.json: is damaged"):
        read_recorded(file, RunError)


@pytest.mark.parametrize("writes", [0, 1, 2])
@pytest.mark.parametrize("begun", [True, False])
def test_a_write_that_ends_anywhere_leaves_a_known_file(tmp_path, monkeypatch, writes, begun):
    path, left = tmp_path / "weights", writes
    if begun:
        write_recorded(path, b"first", RunError)
    write_whole = hashes.write_whole

    def write(*args):
        nonlocal left
        if not left:
            raise OutputError("killed here")
        left -= 1
        write_whole(*args)

    monkeypatch.setattr(hashes, "write_whole", write)
    monkeypatch.setattr("lvmctl.core.files.write_whole", write)
    with pytest.raises(OutputError):
        write_recorded(path, b"second", RunError)
    monkeypatch.undo()
    kept = b"second" if writes == 2 else b"first" if begun else None
    if kept is not None:
        assert read_recorded(path, RunError) == kept
    assert all(
        fault_of(tmp_path / name, entry) is None
        for name, entry in read_record(tmp_path, RunError).items()
    )
    write_recorded(path, b"third", RunError)
    assert list(read_record(tmp_path, RunError)["weights"]) == ["bytes", "sha256"]


def test_a_file_that_is_replaced_while_it_is_read_is_read_again(file, monkeypatch):
    read, calls = hashes.read_record, []

    def late(directory, kind):
        if not calls:
            calls.append(1)
            write_recorded(file, b"second", kind)
        return read(directory, kind)

    monkeypatch.setattr(hashes, "read_record", late)
    assert read_recorded(file, RunError) == b"second"


def test_of_a_large_file_samples_are_read_and_all_on_demand(tmp_path, monkeypatch):
    monkeypatch.setattr(hashes, "SMALL", 1 << 20)
    path = tmp_path / "large"
    path.write_bytes(bytes(12 << 20))
    entry = entry_of(path)
    assert fault_of(path, entry) is None
    size = path.stat().st_size
    blocks = [(at, at + hashes.SAMPLE_BYTES) for at in hashes.starts(size)]
    assert (blocks[0][0], blocks[-1][1]) == (0, size)
    between = blocks[3][1] + 1
    for place, seen in ((0, True), (size - 1, True), (blocks[7][0], True), (between, False)):
        with open(path, "rb+") as file:
            file.seek(place)
            file.write(b"x")
        assert (fault_of(path, entry) is not None) == seen
        assert "its content is not" in fault_of(path, entry, whole=True)
        with open(path, "rb+") as file:
            file.seek(place)
            file.write(b"\0")
    assert sample_of(path, size) == entry["sample"]


def test_a_file_that_is_gone_is_missing(file):
    entry = read_record(file.parent, RunError)["weights"]
    file.unlink()
    assert fault_of(file, entry) == "is missing"
    write_record(file.parent, {"weights": entry | {"replaces": None}})
    assert fault_of(file, json.loads(json.dumps(entry | {"replaces": None}))) is None


def test_a_directory_that_was_removed_is_not_made_again(tmp_path):
    with pytest.raises(OutputError, match="cannot be written"):
        write_recorded(tmp_path / "gone" / "f.json", b"x", RunError)
    assert not (tmp_path / "gone").exists()
