"""The pieces of chunks, beside a slow reference."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from recorder import Recorder
from training.small import TINY

import lvmctl
from lvmctl.core.errors import DataError
from lvmctl.data import Windows, open_split, open_splits
from lvmctl.data.transforms import apply_transform, fit, read_backward
from lvmctl.registry import configure
from lvmctl.training import job

COUNTS = ([2, 1, 3, 1, 2, 4], [1, 1, 5, 2, 1, 1], [3, 2, 1, 1, 1, 2])

PLUGIN = """
from lvmctl import LossSpec, hookimpl

@hookimpl
def lvmctl_losses():
    needs = ("sentences", "sentence_mask", "target_sentences", "target_sentence_mask")
    target = "edges_pkg.loss:Edges"
    return [LossSpec(name="edges", summary="Sentences.", target=target, needs=needs)]
"""
LOSS = """
import torch
from lvmctl.sphere import cosine

class Edges(torch.nn.Module):
    sentences = sentence_mask = 2

    def forward(self, prediction, batch, step):
        assert batch.sentences.shape[2:4] == batch.sentence_mask.shape[2:] == (2, 2)
        assert (batch.sentences.norm(dim=-1) > 0.5).equal(batch.sentence_mask)
        assert batch.target_sentence_mask.all()
        return 1 - cosine(prediction.q, batch.target_sentences[:, 0, 0])
"""


def pieces_of(path, counts=COUNTS, seed=1):
    """Writes the level ``sentence`` of the store at ``path``; its vectors."""
    finer = path / "levels/sentence"
    lengths = [sum(each) for each in counts]
    with_articles = {"articles": len(lengths), "chunks": max(lengths), "dim": 4, "seed": seed}
    lvmctl.synth("iid", finer, **with_articles)
    vectors = np.load(finer / "vectors.npy")[: sum(lengths)]
    manifest = json.loads((finer / "store.json").read_text())
    del manifest["content_hash"]
    manifest["chunks"] = len(vectors)
    for article, each in zip(manifest["articles"], counts):
        article["pieces"] = each
    np.save(finer / "vectors.npy", vectors)
    np.save(finer / "offsets.npy", np.cumsum([0, *lengths]))
    (finer / "store.json").write_text(json.dumps(manifest))
    (finer / "hashes.json").unlink(missing_ok=True)
    return vectors


@pytest.fixture
def store(tmp_path):
    path = tmp_path / "s"
    lvmctl.synth("iid", path, articles=3, chunks=6, dim=4)
    return path


def expected(vectors, row, count):
    """First and last pieces of a chunk, by lists."""
    flat = [number for each in COUNTS for number in each]
    low = sum(flat[:row])
    own = [vectors[low + place] for place in range(flat[row])]
    gap = [np.zeros(4)] * max(0, count - len(own))
    return np.array([[*own[:count], *gap], [*gap, *own[-count:]]])


@pytest.mark.parametrize("count", [1, 2, 6])
@pytest.mark.parametrize("backward", [False, True])
def test_the_first_and_last_pieces_of_each_chunk(store, count, backward):
    vectors = pieces_of(store)
    split = open_split(str(store)).take(np.array([0, 2]))
    windows = Windows(read_backward(split) if backward else split, 3, 1)
    rows = windows.rows[:, None] + np.arange(4)
    pieces, there = windows.pieces(rows, count)
    assert pieces.shape == (*rows.shape, 2, count, 4)
    article = windows.article[:, None]
    stored = [
        [
            split.starts[a] + (5 - (r - split.starts[a]) if backward else r - split.starts[a])
            for r in row
        ]
        for row, a in zip(rows.tolist(), article[:, 0])
    ]
    wanted = np.array([[expected(vectors, row, count) for row in each] for each in stored])
    assert np.allclose(pieces, wanted, atol=1e-6)
    assert (there == (np.abs(wanted).sum(-1) > 0)).all()


def test_what_has_no_pieces_is_refused(store, tmp_path):
    windows = Windows(open_split(str(store)), 3, 1)
    with pytest.raises(
        DataError, match=rf"no level .sentence.; add it with lvmctl data level {store}"
    ):
        windows.pieces(windows.rows)
    pieces_of(store, COUNTS[:2])
    with pytest.raises(DataError, match="is not of the chunks of its store"):
        windows.pieces(windows.rows)
    split = open_split(str(store))
    centred = apply_transform(split, fit("centred", split))
    with pytest.raises(DataError, match="is transformed"):
        Windows(centred, 3, 1).pieces(windows.rows)
    joined = open_splits(train=[str(store), str(store)], val=str(store)).train
    with pytest.raises(DataError, match="is not of the chunks"):
        Windows(joined, 3, 1).pieces(windows.rows)


def test_a_loss_reads_them_in_a_training(store, tmp_path, install, site, monkeypatch):
    files = {"edges_pkg/plugin.py": PLUGIN, "edges_pkg/loss.py": LOSS}
    install("lvmctl-edges", {"edges": "edges_pkg.plugin"}, files)
    monkeypatch.syspath_prepend(str(site))
    configure()
    options = TINY | {"epochs": 1, "context": 3}
    source = {"data": str(store)}
    request = job.TrainRequest("p8", [("test", options)], ["edges"], source, out=tmp_path / "run")
    with pytest.raises(DataError, match="lvmctl data level"):
        job.start(request, Recorder())
    assert not (tmp_path / "run").exists()
    pieces_of(store)
    job.start(replace(request, out=tmp_path / "run"), Recorder())
    logged = lvmctl.Run(tmp_path / "run").history[0]["val"]
    assert any("edges" in name for name in logged)
    configure()
