"""Files with flipped bytes are read, or refused in one line; nothing else happens."""

from __future__ import annotations

import contextlib
import random
import zipfile

import numpy as np
import pytest

from lvmctl.core.errors import DataError
from lvmctl.data import Store
from lvmctl.data.npz.read import open_npz
from lvmctl.data.splits.sources import Source
from lvmctl.data.store.arrays import open_npy


def _flipped(data: bytes, seed: int, parts: list[range]) -> bytes:
    rng = random.Random(seed)
    out = bytearray(data)
    for _ in range(rng.choice([1, 1, 2, 5])):
        at = rng.choice(rng.choice(parts))
        out[at] = rng.choice([rng.randrange(256), out[at] ^ 1 << rng.randrange(8), *b"0(['{,-9"])
    return bytes(out)


@pytest.mark.parametrize("name", ["vectors.npy", "offsets.npy", "store.json", "chunks.jsonl"])
def test_stores(make_store, name):
    path = make_store([4, 6]).path
    (path / "chunks.jsonl").write_text('"a text"\n' * 10)
    data = (path / name).read_bytes()
    parts = [range(min(128, len(data))), range(len(data))]
    for seed in range(60):
        (path / name).write_bytes(_flipped(data, seed, parts))
        with contextlib.suppress(DataError):
            list(Store.open(path).texts())


@pytest.mark.parametrize("method", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA])
def test_npz(tmp_path, unit_rows, method):
    members = {
        "C": unit_rows(12).reshape(4, 3, 8),
        "y": unit_rows(4, seed=1),
        "article_ids": np.zeros(4, int),
        "target_indices": np.arange(4) * 9,
        "p6_offset": np.array(0),
    }
    path = tmp_path / "f.npz"
    with zipfile.ZipFile(path, "w", method) as archive:
        for key, array in members.items():
            np.save(tmp_path / "member.npy", array)
            archive.write(tmp_path / "member.npy", f"{key}.npy")
        directory = archive.fp.tell()
    data = path.read_bytes()
    parts = [range(directory, len(data)), range(64), range(len(data))]
    for seed in range(60):
        path.write_bytes(_flipped(data, seed, parts))
        with contextlib.suppress(DataError):
            Source.parse(str(path)).open()


@pytest.mark.parametrize(
    "header",
    [
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 8",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (0, 99999999999999999999999), }",
        "{'descr': [('a',)], 'fortran_order': False, 'shape': (4, 8), }",
        "{'descr': '<f4', 'fortran_order': False, 'shape': (4, 8L), }'''",
        "(" * 5000,
        "-" * 9000,
        "  1\n 2",
    ],
)
def test_headers_that_parsers_stumble_over(tmp_path, header):
    text = header.encode()
    path = tmp_path / "f.npy"
    path.write_bytes(b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text)
    with pytest.raises(DataError, match=r"not an .npy array|impossible shape|is truncated"):
        open_npy(path)


def test_archives_that_cannot_be_searched(tmp_path, monkeypatch):
    """What ``zipfile`` raises for lists of members that lie is bad data, not a fault or a disk."""
    np.savez(tmp_path / "f.npz", X=np.ones(4))
    for error in (NotImplementedError("version 9"), OSError(22, "Invalid argument")):
        with monkeypatch.context() as patched:
            patched.setattr(zipfile.ZipFile, "open", _raises(error))
            with pytest.raises(DataError, match=r"\[X\]: is damaged"), open_npz(tmp_path / "f.npz"):
                pass
            patched.setattr(zipfile.ZipFile, "__init__", _raises(error))
            patched.setattr(zipfile.ZipFile, "__del__", lambda archive: None)
            with pytest.raises(DataError), open_npz(tmp_path / "f.npz"):
                pass


def _raises(error):
    def call(*args, **kwargs):
        raise error

    return call
