"""What two splits share is looked for once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from made import sphere, split_of

from lvmctl.data.splits import shared as shared_module
from lvmctl.data.splits.shared import KnownChunks, Shared, kept, key

CHUNKS = sphere(400, 8)


def split(low: int, high: int, name: str):
    source = {"content_hash": f"sha256:{name}"}
    return split_of(CHUNKS[low:high], [20] * ((high - low) // 20), source=source)


TRAINED, HELD = split(0, 300, "a"), split(200, 400, "b")


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("LVMCTL_CACHE", str(tmp_path))
    monkeypatch.setattr(shared_module, "MANY", 100)
    return tmp_path / "shared"


def test_what_was_found_is_not_looked_for_again(cache, monkeypatch):
    first = KnownChunks(TRAINED).shared(HELD)
    assert first.of_article.tolist() == [1.0] * 5 + [0.0] * 5
    assert len(list(cache.iterdir())) == 1
    monkeypatch.setattr(KnownChunks, "_find", None)
    again = KnownChunks(TRAINED).shared(HELD)
    assert again.of_article.tolist() == first.of_article.tolist()
    assert again.nearest.tolist() == first.nearest.tolist() == [10, 11, 12, 13, 14] + [0] * 5
    assert again.of_chunks == first.of_chunks == 0.5


def test_other_chunks_have_another_key():
    joined = {"joined": [TRAINED.source]}
    splits = [
        TRAINED,
        HELD,
        TRAINED.take(np.arange(3)),
        replace(TRAINED, source=TRAINED.source | joined),
        replace(TRAINED, source=TRAINED.source | {"joined": [HELD.source]}),
        replace(TRAINED, source=TRAINED.source | {"content_hash": "sha256:c"}),
    ]
    keys = {key(one, other) for one in splits for other in splits}
    assert len(keys) == len(splits) ** 2
    assert key(replace(TRAINED, name="other"), HELD) == key(TRAINED, HELD)


@pytest.mark.parametrize("damage", [b"", b"x", None])
def test_a_damaged_cache_is_made_anew(cache, damage):
    found = Shared(np.ones(10), np.arange(10), 0.25)
    kept(TRAINED, HELD, lambda: found)
    (file,) = cache.iterdir()
    if damage is None:
        np.save(file, np.ones(3))
    else:
        file.write_bytes(damage)
    for _ in range(2):
        assert kept(TRAINED, HELD, lambda: found).of_chunks == 0.25
    assert len(np.load(file)) == 21


def test_without_a_place_to_keep_it_it_is_found(cache):
    cache.write_text("a file")
    assert kept(TRAINED, HELD, lambda: Shared(np.ones(10), np.arange(10), 0.5)).of_chunks == 0.5


def test_so_many_are_kept(cache, monkeypatch):
    monkeypatch.setattr("lvmctl.data.splits.shared.KEPT", 2)
    for number in range(4):
        other = replace(HELD, source=HELD.source | {"content_hash": f"sha256:{number}"})
        kept(TRAINED, other, lambda: Shared(np.ones(10), np.arange(10), 0.5))
    assert len(list(cache.iterdir())) == 2
