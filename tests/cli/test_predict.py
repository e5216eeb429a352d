"""``lvmctl predict`` as it is typed."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path

import numpy as np
import pytest
from api.conftest import trained
from api.test_rank_texts import articles
from cli.typed import typing
from training.small import TINY

import lvmctl
from lvmctl.api.predicting import Candidate, Predicted
from lvmctl.cli.predict import formats
from lvmctl.core.errors import OutputError

EXIT_USAGE, EXIT_DATA, EXIT_RUN, EXIT_OUTPUT = 2, 3, 4, 6


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> Path:
    """A folder with a store of texts and a run that was trained on it."""
    base = tmp_path_factory.mktemp("predict")
    options = {"dim": 8, "min_texts": 1, "max_share": 1.0}
    store = lvmctl.embed(articles(30, 12), out=base / "store", split="60/20/20", **options)
    trained(base / "run", "p8", TINY | {"epochs": 1}, str(store.path))
    return base


@pytest.fixture
def typed(made, tmp_path, monkeypatch, capsys):
    """``typed(*words)`` asks the run in ``tmp_path``: exit code, stdout, stderr."""
    return typing(tmp_path, monkeypatch, capsys, "predict", str(made / "run"))


def test_a_window_in_its_article(typed, made):
    store = lvmctl.open_store(made / "store")
    code, out, _ = typed("--store", made / "store", "--article", "3", "--at", "7", "--top", "3")
    assert code == 0
    assert out.startswith("What came next, 3:7, is ranked ")
    assert f"After: {store.texts[3 * 12 + 6]}" in " ".join(out.split())
    assert max(map(len, out.splitlines())) <= 80
    code, out, _ = typed("--article", "3", "--at", "7", "--top", "3", "--json")
    record = json.loads(out)
    assert record["schema"] == "lvmctl.predict/1"
    (one,) = record["predictions"]
    assert (one["id"], one["size"], len(one["candidates"])) == ("3:7", 7, 3)
    assert record["known"] == 1
    assert record["r@10"] == 1


def test_the_one_that_came_next_is_marked(typed):
    code, out, _ = typed("--article", "3", "--at", "7")
    assert (code, out.count("←")) == (0, 1)
    code, out, _ = typed("--article", "3", "--at", "7", "--format", "csv")
    (came,) = [row for row in csv.DictReader(io.StringIO(out)) if row["next"] == "1"]
    assert came["candidate"] == came["query"] == "3:7"


def test_a_short_context_is_reported(typed):
    _, _, err = typed("--article", "3", "--at", "2")
    assert "the context is 3 chunks short" in err
    _, _, err = typed("--article", "3", "--at", "5")
    assert err == ""


def test_texts_from_files_and_from_stdin(typed, tmp_path, monkeypatch):
    before = "badorkolan badorsek\n\nkolan badorsek\n"
    Path("before.txt").write_text(before)
    Path("candidates.jsonl").write_text('"badorsek"\n{"text": "koladorsek", "next": true}\n')
    words = ("--candidates", "candidates.jsonl", "--format", "jsonl")
    _, out, _ = typed("--context", "before.txt", *words)
    assert json.loads(out)["next"]["id"] == "1"
    monkeypatch.setattr("sys.stdin", io.StringIO(before))
    assert typed("--context", "-", *words)[1] == out
    assert typed("--query", before, *words)[1] == out


def test_words_for_a_prediction(typed):
    code, out, _ = typed("--query", "badorkolan", "--decode", "nearest")
    assert code == 0
    assert out.startswith("In words (cos ")
    code, _, err = typed("--query", "badorkolan", "--decode", "nearest", "--steps", "3")
    assert (code, "steps" in err) == (EXIT_USAGE, True)


def test_many_windows_have_a_line_each(typed, made):
    code, out, _ = typed("--store", f"{made / 'store'}@val")
    assert code == 0
    assert out.startswith("What came next is ranked first in ")
    assert "… and 22 more (--full)" in out
    assert max(map(len, out.splitlines())) <= 80
    _, whole, _ = typed("--store", f"{made / 'store'}@val", "--full")
    record = json.loads(typed("--store", f"{made / 'store'}@val", "--json")[1])
    ids = [one["id"] for one in record["predictions"]]
    assert len(ids) == 42
    assert [name for name in ids if f"\n{name} " not in whole] == []


def measured(record: dict) -> dict[str, float]:
    return {name: record[name] for name in ("r@1", "r@5", "mrr@10")}


@pytest.fixture
def trec(typed, made) -> tuple[Path, Path, dict]:
    """A TREC run, its qrels, and lvmctl's own metrics of the same windows."""
    source = ("--store", f"{made / 'store'}@val", "--top", "20")
    words = ("--format", "trec", "--out", "p8.run", "--qrels", "p8.qrels")
    code, out, err = typed(*source, *words)
    assert (code, err) == (0, "")
    windows = len(Path("p8.qrels").read_text().splitlines())
    assert out == f"p8.run: {windows} predictions\n"
    return Path("p8.run"), Path("p8.qrels"), json.loads(typed(*source, "--json")[1])


def test_trec_files_have_their_columns(trec):
    run, qrels, record = trec
    rows = [line.split() for line in run.read_text().splitlines()]
    assert {len(row) for row in rows} == {6}
    assert {(row[1], row[5]) for row in rows} == {("Q0", "lvmctl")}
    judged = [line.split() for line in qrels.read_text().splitlines()]
    assert [row[0] for row in judged] == [one["id"] for one in record["predictions"]]
    assert all(row[1:] == ["0", row[0], "1"] for row in judged)
    ranks = {(row[0], row[2]): int(row[3]) for row in rows}
    for one in record["predictions"]:
        assert ranks[one["id"], one["next"]["id"]] == pytest.approx(one["next"]["rank"], abs=0.5)


def test_ir_measures_reads_them(trec):
    measures = pytest.importorskip("ir_measures", reason="ir_measures is not installed")
    run, qrels, record = trec
    wanted = [measures.Success @ 1, measures.Success @ 5, measures.RR @ 10]
    result = measures.calc_aggregate(
        wanted, measures.read_trec_qrels(str(qrels)), measures.read_trec_run(str(run))
    )
    values = dict(zip(measured(record), (result[each] for each in wanted)))
    assert values == pytest.approx(measured(record))


def test_ranx_reads_them(trec):
    ranx = pytest.importorskip("ranx", reason="ranx is not installed")
    run, qrels, record = trec
    result = ranx.evaluate(
        ranx.Qrels.from_file(str(qrels), kind="trec"),
        ranx.Run.from_file(str(run), kind="trec"),
        ["hit_rate@1", "hit_rate@5", "mrr@10"],
    )
    assert dict(zip(measured(record), result.values())) == pytest.approx(measured(record))


def test_names_with_white_space_stay_one_column(typed, tmp_path):
    Path("c.jsonl").write_text('{"text": "badorsek", "id": "my own"}\n')
    _, out, _ = typed("--query", "badorkolan", "--candidates", "c.jsonl", "--format", "trec")
    assert out.split()[2] == "my_own"


def test_vectors_in_vectors_out(typed):
    np.save("c.npy", np.random.default_rng(0).standard_normal((6, 3, 8)))
    code, out, err = typed("--vectors", "c.npy", "--out", "q.npy")
    assert (code, out) == (0, "q.npy: 6 predictions of 8 numbers\n")
    assert "2 chunks short" in err
    assert np.load("q.npy").shape == (6, 8)
    assert typed("--vectors", "c.npy", "--out", "q.npy")[0] == EXIT_OUTPUT
    assert typed("--vectors", "c.npy", "--out", "q.npy", "--force")[0] == 0
    np.save("pool.npy", np.eye(8))
    code, out, _ = typed("--vectors", "c.npy", "--candidates", "pool.npy", "--format", "jsonl")
    assert [len(json.loads(line)["candidates"]) for line in out.splitlines()] == [8] * 6


def test_files_are_replaced_only_by_force(typed):
    for name in ("a.run", "a.qrels"):
        Path(name).write_text("mine")
    words = ("--article", "3", "--format", "trec", "--out", "a.run", "--qrels", "a.qrels")
    code, _, err = typed(*words)
    assert (code, Path("a.run").read_text()) == (EXIT_OUTPUT, "mine")
    assert "already exists" in err
    assert typed(*words, "--force")[0] == 0
    assert Path("a.run").read_text() != "mine"


def test_a_file_that_appears_meanwhile_is_not_replaced(tmp_path, monkeypatch):
    def lines(_: object):
        (tmp_path / "a.jsonl").write_text("mine")
        yield "of the command"

    monkeypatch.setitem(formats.LINES, "jsonl", lines)
    with pytest.raises(OutputError, match="already exists"):
        formats.write([], "jsonl", tmp_path / "a.jsonl", None, force=False)
    assert (tmp_path / "a.jsonl").read_text() == "mine"


def test_half_a_character_is_written_escaped(tmp_path):
    one = Predicted("a\udcff", None, 0, 0, [Candidate(1, "b\udcff", 0.5, None, False)])
    for form in formats.FORMATS:
        formats.write([one], form, tmp_path / form, None, force=False)


@pytest.mark.parametrize(
    ("words", "code", "what"),
    [
        ((), EXIT_USAGE, "there is no question"),
        (("--query", "a", "--context", "b"), EXIT_USAGE, "different questions"),
        (("--query", "a", "--json", "--format", "csv"), EXIT_USAGE, "two forms"),
        (("--query", "a", "--out", "b"), EXIT_USAGE, "needs a format"),
        (("--query", "a", "--qrels", "b"), EXIT_USAGE, "--format trec"),
        (("--query", "a", "--steps", "3"), EXIT_USAGE, "add --decode"),
        (("--vectors", "a.npy"), EXIT_USAGE, "add --out"),
        (("--vectors", "a.npy", "--pool", "global", "--out", "q"), EXIT_USAGE, "needs a format"),
        (("--query", "a", "--decode", "vec"), EXIT_USAGE, "no decoder 'vec'"),
        (("--article", "3", "--at", "99"), EXIT_USAGE, "choose a chunk from 1 to 12"),
        (("--context", "nothing.txt"), EXIT_DATA, "nothing.txt: cannot be read"),
        (("--vectors", "a.npy", "--out", "q.npy"), EXIT_DATA, "a.npy"),
        (("--store", "synth:iid"), EXIT_DATA, "the run was trained on 8"),
        (
            ("--article", "3", "--format", "trec", "--out", "x", "--qrels", "x"),
            EXIT_USAGE,
            "give two files",
        ),
    ],
)
def test_what_is_refused(typed, words, code, what):
    ended, out, err = typed(*words)
    assert (ended, out) == (code, "")
    assert what in err
    assert err.count("\n") == 1


def test_a_text_that_stands_in_several_places_is_shown_once(typed, tmp_path):
    texts = ["badon kolan", "misek tulan", "badon kolan", "badon kolan", "redor basek"]
    records = [{"text": text, "next": place == 3} for place, text in enumerate(texts)]
    lines = "\n".join(map(json.dumps, records))
    (tmp_path / "c.jsonl").write_text(lines, encoding="utf-8")
    asked = ("--query", "kodor balan", "--candidates", tmp_path / "c.jsonl")
    code, out, _ = typed(*asked)
    assert code == 0
    assert out.count("badon kolan") == 1
    assert "badon kolan (3 places) ← came next" in " ".join(out.split())
    assert "places" not in out.replace("(3 places)", "")
    for top in (1, 2, 3):
        out = " ".join(typed(*asked, "--top", top)[1].split())
        assert sum(out.count(f" {text}") for text in {*texts}) == top + (" What came" in out)
        assert out.count("(3 places)") == ("badon kolan" in out.partition("What came next: ")[0])
        (one,) = json.loads(typed(*asked, "--json", "--top", top)[1])["predictions"]
        assert len(one["candidates"]) == top
    (one,) = json.loads(typed(*asked, "--json")[1])["predictions"]
    assert len(one["candidates"]) == 5
    ranks = [each["rank"] for each in one["candidates"] if each["text"] == texts[0]]
    assert one["next"]["rank"] == sum(ranks) / 3
