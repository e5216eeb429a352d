"""An embedding that was interrupted goes on, and ends with the same bytes."""

from __future__ import annotations

import json
import os
import shutil
import signal
import tracemalloc
from contextlib import nullcontext

import numpy as np
import pytest
from data.text.lengths import everything, place
from filelock import FileLock

import lvmctl
from lvmctl.core.errors import DataError, OutputError
from lvmctl.data.text import unfinished as module
from lvmctl.data.text.corpus import Chunked, spool
from lvmctl.data.text.unfinished import (
    BLOCK,
    STATE,
    Unfinished,
    sweep_embeddings,
    unfinished,
)


class Counting:
    """A reporter that keeps what it is told."""

    def __init__(self):
        self.lines = []

    def info(self, line):
        self.lines.append(line)

    warning = info

    def progress(self, *args):
        return lvmctl.Reporter().progress(*args)


def test_what_was_killed_goes_on_and_is_the_same_to_the_byte(run_cli, texts, tmp_path):
    words = ("data", "embed", "texts", "--encoder", "lengths.py:Lengths", "--out")
    assert run_cli(*words, "whole").returncode == 0
    calls = tmp_path / "calls"
    before = calls.read_text().split()
    calls.unlink()
    killed = run_cli(*words, "out", env={"DIES": "5"})
    assert killed.returncode == -signal.SIGKILL
    assert not (tmp_path / "out").exists()
    done = Unfinished(place(tmp_path / "out")).done
    assert done == 3 * BLOCK  # the probes are encoded first
    calls.unlink()
    resumed = run_cli(*words, "out")
    assert resumed.returncode == 0
    assert f"{done} of {BLOCK * 7 // 10 * 10} chunks were encoded before" in resumed.stderr
    assert calls.read_text().split() == [before[0], *before[4:]]
    assert everything(tmp_path / "out") == everything(tmp_path / "whole")
    assert not place(tmp_path / "out").exists()


def test_ctrl_c_keeps_what_there_is_and_says_how_to_go_on(run_cli, texts, tmp_path):
    words = ("data", "embed", "texts", "--encoder", "lengths.py:Lengths", "--out")
    code = (tmp_path / "lengths.py").read_text()
    code = code.replace("unfinished.SAVE_S = 0", "unfinished.SAVE_S = 1e9")
    (tmp_path / "lengths.py").write_text(code.replace("SIGKILL", "SIGINT"))
    assert run_cli(*words, "whole").returncode == 0
    stopped = run_cli(*words, "out", env={"DIES": "4"})
    assert stopped.returncode == 128 + signal.SIGINT
    kept = f"{2 * BLOCK:,} of {BLOCK * 7 // 10 * 10:,} chunks are encoded and kept"
    assert f"{kept}: type the same again to go on" in stopped.stderr
    assert Unfinished(place(tmp_path / "out")).done == 2 * BLOCK
    assert run_cli(*words, "out").returncode == 0
    assert everything(tmp_path / "out") == everything(tmp_path / "whole")


def interrupted(monkeypatch, out, texts, after, **options):
    """Embed with ``lsa`` until ``after`` blocks are done."""
    from lvmctl.data.text.encoders.lsa import Lsa

    encode, calls = Lsa.encode, []

    def dying(self, texts):
        calls.append(1)
        if len(calls) > after + 1:  # the probes are encoded first
            raise KeyboardInterrupt
        return encode(self, texts)

    with monkeypatch.context() as patch:
        patch.setattr(module, "SAVE_S", 0)
        patch.setattr(Lsa, "encode", dying)
        with pytest.raises(KeyboardInterrupt):
            lvmctl.embed(texts, out=out, **options)


OPTIONS = {"dim": 8, "min_texts": 1, "max_share": 1.0}


@pytest.fixture
def articles() -> list[list[str]]:
    draw = np.random.default_rng(0)
    words = np.array([a + b for a in ("ba", "ko", "mi", "tu") for b in ("dor", "lan", "sek")])
    return [[" ".join(draw.choice(words, 5)) for _ in range(BLOCK // 2)] for _ in range(8)]


@pytest.mark.parametrize("spoil", [None, b"partial"])
def test_a_fitted_encoder_goes_on_with_what_it_learned(monkeypatch, tmp_path, articles, spoil):
    whole = lvmctl.embed(articles, out=tmp_path / "whole", **OPTIONS)
    out = tmp_path / "out"
    interrupted(monkeypatch, out, articles, 2, **OPTIONS)
    if spoil:
        with (place(out) / "rows-000000000000.f32").open("ab") as file:
            file.write(spoil)
    from lvmctl.data.text.encoders.lsa import Lsa

    monkeypatch.setattr(Lsa, "fit", None)
    reporter = Counting()
    lvmctl.embed(articles, out=out, reporter=reporter, **OPTIONS)
    assert any(f"{2 * BLOCK} of {4 * BLOCK} chunks" in line for line in reporter.lines)
    assert everything(out) == everything(whole.path)


def test_other_texts_or_options_begin_anew(monkeypatch, tmp_path, articles):
    out = tmp_path / "out"
    for other, options in (
        (articles[:-1], OPTIONS),
        (articles, OPTIONS | {"dim": 6}),
        ([{"text": article, "split": "train"} for article in articles], OPTIONS),
    ):
        interrupted(monkeypatch, out, articles, 2, **OPTIONS)
        reporter = Counting()
        store = lvmctl.embed(other, out=out, reporter=reporter, **options)
        assert any("it begins anew" in line for line in reporter.lines)
        same = lvmctl.embed(other, out=tmp_path / "same", force=True, **options)
        assert np.array_equal(store.vectors, same.vectors)
        assert not place(out).exists()
        shutil.rmtree(out)


@pytest.mark.parametrize("damage", [b"{", b"[]", None])
def test_what_is_damaged_begins_anew(monkeypatch, tmp_path, articles, damage):
    out = tmp_path / "out"
    interrupted(monkeypatch, out, articles, 1, **OPTIONS)
    if damage is None:
        (place(out) / "rows-000000000000.f32").write_bytes(b"short")
    else:
        (place(out) / STATE).write_bytes(damage)
    lvmctl.embed(articles, out=out, **OPTIONS)
    assert everything(out) == everything(
        lvmctl.embed(articles, out=tmp_path / "whole", **OPTIONS).path
    )


def test_one_process_embeds_to_a_place(tmp_path):
    with unfinished(tmp_path / "out"), pytest.raises(OutputError, match="another process embeds"):
        lvmctl.embed(["a b\n\nc d"], out=tmp_path / "out")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("case", ["begun", "half", "to replace", "the store is there", "held"])
def test_what_nobody_goes_on_with_is_swept(tmp_path, case):
    place, store = tmp_path / ".s.embedding", tmp_path / "s" / "store.json"
    place.mkdir()
    (place / "state.json").write_text(json.dumps({"key": {}, "fitted_on": "all"}))
    if case != "begun":
        (place / "rows-000000000000.json").write_text(json.dumps({"dim": 2, "done": 3}))
    if case in ("to replace", "the store is there"):
        store.parent.mkdir()
        store.write_text("{}")
        os.utime(store, (0, 0) if case == "to replace" else (2**33, 2**33))
    with FileLock(place / ".lock") if case == "held" else nullcontext():
        swept = sweep_embeddings(tmp_path)
    assert swept == ([place] if case in ("begun", "the store is there") else [])
    assert place.exists() == (not swept)


def test_nothing_is_left_where_nothing_was_encoded(tmp_path):
    with pytest.raises(DataError):
        lvmctl.embed([" "], out=tmp_path / "out")
    with pytest.raises(DataError):
        lvmctl.embed(["a b"], out=tmp_path / "out", min_texts=5)
    assert list(tmp_path.iterdir()) == []


def test_an_encoder_that_gives_another_form_is_told(tmp_path):
    class Odd:
        def encode(self, texts):
            return np.ones((len(texts) + 1, 3))

    corpus = spool([Chunked({}, ["a", "b"])], tmp_path / "chunks.jsonl")
    begun = Unfinished(tmp_path)
    begun.begin({}, "nothing")
    with pytest.raises(DataError, match=r"the encoder: gives \(3, 3\) for 2 texts, not \(2, D\)"):
        begun.encode(corpus.chunks, Odd(), lvmctl.Reporter())


def test_chunks_are_read_from_the_file(tmp_path):
    articles = [Chunked({"split": "val"}, ["a", "ä\n"]), Chunked({"split": "train"}, ['"', "d"])]
    corpus = spool(articles, tmp_path / "chunks.jsonl")
    assert list(corpus.chunks) == ["a", "ä\n", '"', "d"]
    assert (corpus.chunks[1], corpus.chunks[-1], corpus.chunks[1:3]) == ("ä\n", "d", ["ä\n", '"'])
    assert list(corpus.training) == ['"', "d"]
    assert corpus.digest != spool(articles[::-1], tmp_path / "other.jsonl").digest


def test_memory_does_not_grow_with_the_texts(tmp_path):
    """30 MB of text and 6 MB of vectors are never there at once."""

    def articles():
        for number in range(300):
            yield Chunked({"id": number}, [f"{number} {row} {'x' * 1000}" for row in range(100)])

    class Small:
        def fit(self, texts): ...

        def encode(self, texts):
            return np.ones((len(texts), 50), np.float32)

        def recipe(self):
            return {"name": "small"}

    from lvmctl.data.store.writer import write_store
    from lvmctl.data.text.embed import embed_corpus

    def create(dim, dtype):
        return write_store(tmp_path / "s", dim, dtype)

    begun = Unfinished(tmp_path)
    begun.begin({}, "nothing")
    tracemalloc.start()
    try:
        corpus = spool(articles(), tmp_path / "chunks.jsonl")
        embed_corpus(create, corpus, Small(), {}, begun)
        assert tracemalloc.get_traced_memory()[1] < 4e6
    finally:
        tracemalloc.stop()
