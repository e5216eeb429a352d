"""NPZ archives are mapped or spooled, never unpickled, and damage is named."""

from __future__ import annotations

import zipfile

import numpy as np
import pytest

from lvmctl.core.errors import DataError, OutputError
from lvmctl.data.npz import read as npz
from lvmctl.data.npz.read import open_npz


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_arrays_come_back_and_stay_on_disk(tmp_path, unit_rows, save):
    save(tmp_path / "f.npz", X=unit_rows(10), n=np.array(3), empty=np.zeros((0, 4)))
    with open_npz(tmp_path / "f.npz") as archive:
        array = archive.array("X")
        assert archive.array("n") == 3
        assert archive.array("empty").shape == (0, 4)
        assert "X" in archive
        assert "Z" not in archive
    assert isinstance(array, np.memmap)
    assert np.array_equal(array, unit_rows(10))


def test_truncated_file(tmp_path, unit_rows):
    path = tmp_path / "f.npz"
    np.savez(path, X=unit_rows(100))
    path.write_bytes(path.read_bytes()[:-200])
    with (
        pytest.raises(DataError, match=r"f.npz: is truncated.*copy or write it again"),
        open_npz(path),
    ):
        pass


def test_not_an_npz_and_missing(tmp_path):
    (tmp_path / "f.npz").write_text("hello")
    with pytest.raises(DataError, match="is not an NPZ file"), open_npz(tmp_path / "f.npz"):
        pass
    with pytest.raises(DataError, match="cannot be read"), open_npz(tmp_path / "g.npz"):
        pass


@pytest.mark.parametrize("save", [np.savez, np.savez_compressed])
def test_flipped_bytes_are_found(tmp_path, unit_rows, save):
    path = tmp_path / "f.npz"
    save(path, X=unit_rows(100))
    data = bytearray(path.read_bytes())
    data[1500] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(DataError, match=r"\[X\]: is damaged"), open_npz(path) as archive:
        archive.array("X")


def test_a_member_shorter_than_its_header(tmp_path, unit_rows):
    path = tmp_path / "f.npz"
    np.save(tmp_path / "X.npy", unit_rows(100))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("X.npy", (tmp_path / "X.npy").read_bytes()[:-8])
    with open_npz(path) as archive, pytest.raises(DataError, match=r"truncated: its header"):
        archive.array("X")


def test_pickles_are_never_loaded_without_trust(tmp_path):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("the pickle was run",))

    path = tmp_path / "f.npz"
    np.savez(path, metadata=np.array([Trap()], dtype=object), ok=np.ones(3))
    with open_npz(path) as archive:
        assert archive.pickled == ["metadata"]
        assert archive.array("ok").tolist() == [1, 1, 1]
        with pytest.raises(DataError, match=r"\[metadata\]: holds pickled.*--trust-pickle"):
            archive.array("metadata")


def test_trusted_pickles_are_loaded(tmp_path):
    np.savez(tmp_path / "f.npz", metadata=np.array([{"a": 1}], dtype=object))
    with open_npz(tmp_path / "f.npz", trust_pickle=True) as archive:
        assert archive.unpickle("metadata").tolist() == [{"a": 1}]


def test_compressed_bombs_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(npz, "BOMB_BYTES", 1 << 20)
    np.savez_compressed(tmp_path / "f.npz", X=np.zeros((1000, 1000), np.float32))
    with (
        open_npz(tmp_path / "f.npz") as archive,
        pytest.raises(DataError, match=r"would grow from [\d,]+ to 4,000,128 bytes"),
    ):
        archive.array("X")


def test_no_room_for_the_temporary_copy(tmp_path, monkeypatch, unit_rows):
    np.savez_compressed(tmp_path / "f.npz", X=unit_rows(100))
    usage = type("Usage", (), {"free": 10})
    monkeypatch.setattr(npz.shutil, "disk_usage", lambda path: usage)
    with (
        open_npz(tmp_path / "f.npz") as archive,
        pytest.raises(OutputError, match=r"needs 3,328 bytes in .*10 are free.*TMPDIR"),
    ):
        archive.array("X")
