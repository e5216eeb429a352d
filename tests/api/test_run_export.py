"""Runs that leave: folders that others load, with what is known of them on a card."""

from __future__ import annotations

import json
import random
from pathlib import Path

import numpy as np
import pytest
import torch
from api.conftest import trained
from nn.published_networks import FreeLstm
from training.small import TINY

import lvmctl
from lvmctl.api import onnx_export, run_export
from lvmctl.api.run_export import export_run
from lvmctl.evaluation.exported import from_safetensors, to_safetensors

WORDS = [a + b for a in "bcdfgklmnprst" for b in ("oat", "ine", "ump", "est", "ash", "orn", "ing")]


@pytest.fixture(scope="module")
def plain_run(tmp_path_factory) -> Path:
    return trained(tmp_path_factory.mktemp("export") / "plain", "plain", TINY | {"epochs": 1})


@pytest.fixture(scope="module")
def text_run(tmp_path_factory) -> Path:
    """A run on a store of texts that lies beside it."""
    place, draw = tmp_path_factory.mktemp("export"), random.Random(0)
    articles = [[" ".join(draw.choices(WORDS, k=9)) for _ in range(16)] for _ in range(12)]
    lvmctl.embed(articles, encoder="lsa", dim=8, out=place / "books")
    options = TINY | {"epochs": 1, "transform": "centred"}
    return trained(place / "run", "p8", options, str(place / "books"))


def windows(model: lvmctl.Model, count: int = 9) -> np.ndarray:
    rows = np.random.default_rng(1).standard_normal((count, model.context_length, model.dim))
    return (rows / np.linalg.norm(rows, axis=-1, keepdims=True)).astype(np.float32)


def metadata(folder: Path) -> dict:
    """The metadata of a card; its values are JSON, which YAML includes."""
    _, head, _ = (folder / "README.md").read_text(encoding="utf-8").split("---\n", 2)
    pairs = (line.split(": ", 1) for line in head.splitlines())
    return {key: json.loads(value) for key, value in pairs}


def named_folders(file: Path, *places: Path) -> list[Path]:
    """Folders of this machine that a file names."""
    content = file.read_bytes()
    folders = (
        *places,
        file.parent.parent,
        Path(lvmctl.__file__).parent,
        Path(torch.__file__).parent,
    )
    return [place for place in folders if str(place).encode() in content]


@pytest.mark.parametrize("run", ["plain_run", "p8_run", "centred_run", "ranker_run"])
def test_a_folder_predicts_as_its_run_does(run, request, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    run = request.getfixturevalue(run)
    folder = lvmctl.Run(run).export("shared", onnx=False)
    original, copies = lvmctl.load(run), [lvmctl.load(folder), lvmctl.import_run(folder).model()]
    context, pool = windows(original), windows(original, 20)[:, 0]
    for copy in copies:
        assert np.array_equal(copy.predict(context), original.predict(context))
        ranked, expected = copy.rank(context, pool), original.rank(context, pool)
        assert np.array_equal(ranked.indices, expected.indices)
        assert np.array_equal(ranked.scores, expected.scores)
    assert lvmctl.Run("runs/shared").history == lvmctl.Run(run).history
    assert not [file for file in folder.iterdir() if file.suffix in (".pt", ".pkl")]


def test_nothing_tells_of_the_machine_and_texts_are_read_without_the_store(text_run, tmp_path):
    books = text_run.parent / "books"
    folder = lvmctl.Run(text_run).export(tmp_path / "shared", onnx=False)
    before, candidates = ["boat cine"], ["dump fest", "gash korn"]
    expected = lvmctl.load(text_run).rank_texts(before, candidates)
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    assert config["data"]["data"] == "books"
    assert config["splits"]["train"]["path"] == "books"
    for file in folder.iterdir():
        assert not named_folders(file, text_run.parent), file.name
    moved = books.rename(books.parent / "elsewhere")
    try:
        with pytest.raises(lvmctl.DataError, match="without the store"):
            lvmctl.load(text_run).rank_texts(before, candidates)
        imported = lvmctl.import_run(folder, tmp_path / "imported")
        for model in (lvmctl.load(folder), imported.model()):
            ranked = model.rank_texts(before, candidates)
            assert np.array_equal(ranked.scores, expected.scores)
            (said,) = lvmctl.predict(model, before, candidates)
            assert [int(each.id) for each in said.candidates] == expected.indices.tolist()
            assert [each.text for each in said.candidates] == [candidates[n] for n in ranked[0]]
        with pytest.raises(lvmctl.DataError):  # the chunks of the store are ranked
            lvmctl.predict(folder, before)
        again = imported.export(tmp_path / "again", onnx=False)
        assert (again / "encoder.npz").read_bytes() == (folder / "encoder.npz").read_bytes()
    finally:
        moved.rename(books)


def test_the_encoder_is_used_only_where_it_is_the_one(text_run, tmp_path):
    folder = lvmctl.Run(text_run).export(tmp_path / "shared", onnx=False)
    (folder / "hashes.json").unlink()
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    print_ = config["splits"]["train"]["encoder"]["fingerprint"]
    print_["vectors"] = print_["vectors"][::-1].replace("=", "A")[:-2] + "=="
    (folder / "config.json").write_text(json.dumps(config), encoding="utf-8")
    with pytest.raises(lvmctl.DataError, match="without the store"):
        lvmctl.load(folder).rank_texts(["boat"], ["cine"])


def test_the_card_says_what_it_is_and_how_good(text_run, tmp_path):
    folder = lvmctl.Run(text_run).export(tmp_path / "shared", license="cc-by-4.0", onnx=False)
    run, facts = lvmctl.Run(text_run), metadata(folder)
    train = run.config["splits"]["train"]
    assert (facts["library_name"], facts["license"]) == ("lvmctl", "cc-by-4.0")
    assert facts["data"] == {"name": train["name"], "hash": train["content_hash"]}
    assert (facts["encoder"]["name"], len(facts["encoder"]["fingerprint"])) == ("lsa", 16)
    assert (facts["recipe"], facts["transform"], facts["dim"]) == ("p8", "centred", 8)
    assert [package.split()[0] for package in facts["packages"]] == ["lvmctl", "lvmctl-p8"]
    val = run.best["val"]
    assert facts["figures"]["r@5"]["value"] == val["r@5"]
    assert facts["figures"]["r@5"]["direct"] == val["direct"]["r@5"]
    text = (folder / "README.md").read_text(encoding="utf-8")
    for words in ("# shared\n", "p8 cannot be distinguished", 'lvmctl.load("', "95 % interval"):
        assert words in text
    assert "pip install lvmctl lvmctl-p8" in text
    assert "model.onnx" not in text


def test_an_export_is_replaced_by_force_and_a_run_never(p8_run, ranker_run, tmp_path):
    folder = lvmctl.Run(p8_run).export(tmp_path / "shared", onnx=False)
    for place, force in ((folder, False), (ranker_run, True)):
        with pytest.raises(lvmctl.OutputError):
            lvmctl.Run(p8_run).export(place, onnx=False, force=force)
    lvmctl.Run(ranker_run).export(folder, onnx=False, force=True)
    assert lvmctl.load(folder).recipe == "p9"


@pytest.mark.parametrize("license", ["", "my own"])
def test_a_licence_is_an_identifier(license, p8_run, tmp_path):
    with pytest.raises(lvmctl.UsageError, match="licence"):
        lvmctl.Run(p8_run).export(tmp_path / "shared", license=license)
    assert not list(tmp_path.iterdir())


def test_parts_of_a_file_stay_here(tmp_path):
    (tmp_path / "mine.py").write_text(
        "import torch\n\n\nclass Mine(torch.nn.Module):\n"
        '    """A loss."""\n\n    terms = ("mine",)\n'
        "    def __init__(self, options, shape):\n        super().__init__()\n"
        "    def forward(self, prediction, batch, step):\n"
        "        return prediction.q.square().mean(1)\n",
        encoding="utf-8",
    )
    run = lvmctl.train(
        "plain",
        data="synth:topic?articles=24&chunks=16&dim=16",
        loss=f"{tmp_path / 'mine.py'}:Mine",
        out=tmp_path / "run",
        options=TINY | {"epochs": 1},
    )
    with pytest.raises(lvmctl.RunError, match="class of a file") as caught:
        run.export(tmp_path / "shared", onnx=False)
    assert "plugins new loss" in str(caught.value)
    assert not (tmp_path / "shared").exists()


def test_only_tensors_leave(tmp_path):
    states = {"model": {"a.b": torch.arange(6).reshape(2, 3).T}, "losses": {}}
    assert torch.equal(
        from_safetensors(to_safetensors(states, "x"))["model"]["a.b"], states["model"]["a.b"]
    )
    with pytest.raises(lvmctl.RunError, match="only tensors"):
        to_safetensors({"model": {"extra": {"not": "a tensor"}}, "losses": {}}, "x")


def test_onnx_predicts_as_torch_does(centred_run, tmp_path):
    runtime = pytest.importorskip("onnxruntime")
    pytest.importorskip("onnxscript")
    export = export_run(centred_run, tmp_path / "shared")
    assert export.notices == []
    model = lvmctl.load(centred_run)
    session = runtime.InferenceSession(export.path / "model.onnx")
    for count in (1, 5):
        rows = windows(model, count)
        (q,) = session.run(None, {"context": rows})
        assert np.abs(q - model.predict(rows)).max() < 1e-5
    assert not named_folders(export.path / "model.onnx")
    assert "`model.onnx` maps" in (export.path / "README.md").read_text(encoding="utf-8")


def test_without_onnx_there_is_a_notice(p8_run, ranker_run, tmp_path, monkeypatch):
    assert "score of its own" in export_run(ranker_run, tmp_path / "p9").notices[0]
    monkeypatch.setattr(onnx_export, "missing", lambda names: ["onnxruntime"])
    export = export_run(p8_run, tmp_path / "p8")
    assert "pip install 'lvmctl[onnx]'" in export.notices[0]
    assert "model.onnx" not in export.files


def test_onnx_that_predicts_otherwise_is_left_out(p8_run, tmp_path, monkeypatch):
    monkeypatch.setattr(onnx_export, "missing", lambda names: [])
    monkeypatch.setattr(onnx_export, "graph", lambda *_: b"graph")
    model = lvmctl.load(p8_run)
    monkeypatch.setattr(onnx_export, "run_onnx", lambda _, rows: model.predict(rows) + 2e-5)
    export = export_run(p8_run, tmp_path / "shared")
    assert "otherwise than torch" in export.notices[0]
    assert "model.onnx" not in export.files


def test_a_write_that_fails_leaves_nothing(p8_run, tmp_path, monkeypatch):
    monkeypatch.setattr(run_export, "model_card", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        lvmctl.Run(p8_run).export(tmp_path / "shared", onnx=False)
    assert not list(tmp_path.iterdir())


def test_a_published_model_is_shared_as_it_is(tmp_path):
    torch.save({"model_state_dict": FreeLstm(8).state_dict()}, tmp_path / "best_model.pt")
    with pytest.raises(lvmctl.RunError, match="published"):
        export_run(tmp_path, tmp_path / "shared", onnx=False)
