"""Published checkpoints as runs: read safely, loaded, compared with ours."""

from __future__ import annotations

import json
import pickle
from fractions import Fraction

import numpy as np
import pytest
import torch
from nn.published_networks import P7, P8, FreeLstm, FreeTransformer, with_positions
from recorder import Recorder
from training.make import train

import lvmctl
from lvmctl.api.evaluation import fivecat
from lvmctl.api.runs import summary
from lvmctl.core.errors import DataError, RunError, UsageError
from lvmctl.core.runs import find_run, is_published
from lvmctl.evaluation.compare import compare
from lvmctl.evaluation.eval_data import EvalRequest
from lvmctl.registry import load_registry

DIM = 12
WORLD = "synth:topic?articles=60&chunks=16&dim=12&seed=3"


def save(path, network, name="best_model.pt", beside=(), **more):
    path.mkdir(parents=True, exist_ok=True)
    for file, content in dict(beside).items():
        (path / file).write_text(json.dumps(content))
    checkpoint = {"epoch": 3, "model_state_dict": network.state_dict(), **more}
    torch.save(checkpoint, path / name)
    return path / name


def p7(path, **more):
    """A folder as P7's script writes it, NumPy's numbers among the metrics."""
    network = P7(DIM)
    config = {"model_type": "transformer", "context_length": 7, "train_npz": "a.npz"}
    save(
        path,
        network,
        beside={"config.json": config},
        optimizer_state_dict=torch.optim.AdamW(network.parameters()).state_dict(),
        model_config={"model_type": "transformer", "nhead": 4},
        metrics={"cos_next": np.float64(0.3), "margin": np.float32(0.1), "count": np.int64(2)},
        **more,
    )
    return network.eval()


def contexts(length, count=3):
    draw = np.random.default_rng(0).standard_normal((count, length, DIM)).astype(np.float32)
    return draw / np.linalg.norm(draw, axis=-1, keepdims=True)


def predicted(network, length):
    with torch.no_grad():
        return network(torch.from_numpy(contexts(length))).numpy()


def test_a_folder_is_loaded(tmp_path):
    network = p7(tmp_path / "p7")
    model = lvmctl.load(tmp_path / "p7")
    facts = (model.recipe, model.context_length, model.horizon, model.dim, model.has_score)
    assert facts == ("published-p7-transformer", 7, 1, DIM, False)
    assert np.allclose(model.predict(contexts(7)), predicted(network, 7), atol=1e-6)


def test_a_file_is_loaded_and_its_tensors_tell_k(tmp_path):
    network = P8(DIM, context=4).eval()
    path = save(tmp_path, network, "final_model.pt", model_config={"nhead": 4})
    model = lvmctl.load(path)
    assert (model.context_length, model.path) == (4, path)
    assert np.allclose(model.predict(contexts(4)), predicted(network, 4), atol=1e-6)


def test_tensors_alone_will_do(tmp_path):
    network = FreeLstm(DIM).eval()
    torch.save(network.state_dict(), tmp_path / "w.pth")
    model = lvmctl.load(tmp_path / "w.pth")
    assert (model.context_length, model.horizon) == (5, 1)
    assert np.allclose(model.predict(contexts(5)), predicted(network, 5), atol=1e-6)


@pytest.mark.parametrize(
    ("args", "scale"),
    [
        ({"positional_scalar": 0.5, "pos_scale": 0.03}, 0.5),
        ({"positional_scalar": 0.0, "pos_scale": 0.2}, 0.2),
        ({}, 0.03),
    ],
)
def test_a_ramp_has_the_factor_of_its_args(tmp_path, args, scale):
    network = FreeTransformer(DIM, extra=1).eval()
    save(tmp_path, network, args=args, model_config={"nhead": 4, "input_dim": DIM + 1})
    q = lvmctl.load(tmp_path).predict(contexts(5))
    assert np.allclose(q, predicted(with_positions(network, scale), 5), atol=1e-6)


@pytest.mark.parametrize(
    ("folder", "args", "horizon"),
    [
        ("p1_baseline", {}, 1),
        ("transformer_p6b_v23_20251101", {}, 2),
        ("transformer", {"p6b_v21": True}, 2),
        ("transformer", {"p6b_v21": False}, 1),
        ("transformer", {"data": "data/train_p6_next_token.npz"}, 2),
        ("p60_x", {"data": "xp6.npz"}, 1),
    ],
)
def test_p6_looks_two_chunks_ahead(tmp_path, folder, args, horizon):
    save(tmp_path / folder, FreeLstm(DIM), args=args, model_type="lstm")
    assert lvmctl.load(tmp_path / folder).horizon == horizon


def test_it_stands_beside_our_runs(tmp_path):
    ours = tmp_path / "ours"
    train(ours, data=WORLD, min_article=10, context=7)
    network = p7(tmp_path / "p7")
    (tmp_path / "p7" / "5cat_results.json").write_text("a log")
    request = EvalRequest(data=f"{WORLD}@val", train=[f"{WORLD}@train"], min_article=10)
    names = [str(ours), str(tmp_path / "p7")]
    done = compare(load_registry(), names, "direct", request, Recorder()).to_dict()
    assert [done["runs"][name]["recipe"] for name in ("ours", "p7")] == [
        "p8",
        "published-p7-transformer",
    ]
    assert done["runs"]["p7"]["geometry"] == "anchored"
    windows = lvmctl.open_store(WORLD).split("val").windows(7)
    index = np.arange(len(windows))
    with torch.no_grad():
        q = network(torch.from_numpy(windows.context(index))).numpy()
    cosine = (q * windows.target(index)).sum(1).mean()
    assert done["predictors"]["p7"]["cos_next"] == pytest.approx(cosine, abs=1e-5)
    assert (tmp_path / "p7" / "5cat_results.json").read_text() == "a log"


def test_it_needs_data_that_is_named(tmp_path):
    p7(tmp_path / "p7")
    with pytest.raises(DataError, match=r"does not say what it was trained on.*--data"):
        lvmctl.compare([tmp_path / "p7"])
    with pytest.raises(DataError, match=r"has dimension 8, the run was trained on 12"):
        lvmctl.compare([tmp_path / "p7"], data="synth:iid?articles=20&chunks=16&dim=8")
    with pytest.raises(DataError, match=r"does not say which encoder.*use rank\(\)"):
        lvmctl.load(tmp_path / "p7").rank_texts(["a"], ["b"])


def test_one_horizon_for_all(tmp_path):
    p7(tmp_path / "p7")
    save(tmp_path / "x_p6b", FreeLstm(DIM))
    with pytest.raises(UsageError, match="cannot be compared"):
        lvmctl.compare([tmp_path / "p7", tmp_path / "x_p6b"], data=f"{WORLD}@val")


def test_another_layout_is_refused_by_its_keys(tmp_path):
    network = torch.nn.ModuleDict({"residual_net": torch.nn.Linear(2, 2)})
    with pytest.raises(RunError, match=r"layout that is not known: it has residual_net.bias, "):
        lvmctl.load(save(tmp_path, network))
    state = P8(DIM).state_dict() | {"residual_head.0.weight": torch.zeros(2, 2)}
    torch.save({"model_state_dict": state}, tmp_path / "r.pt")
    with pytest.raises(RunError, match=r"not known: it has .*residual_head\.0") as refused:
        lvmctl.load(tmp_path / "r.pt")
    assert "\n" not in str(refused.value)


def test_nothing_is_run(tmp_path):
    torch.save({"model_state_dict": {}, "args": Fraction(1, 2)}, tmp_path / "a.pt")
    with pytest.raises(RunError, match=r"tensors and plain data \(it holds fractions\.Fraction\)"):
        lvmctl.load(tmp_path / "a.pt")
    (tmp_path / "b.pt").write_bytes(pickle.dumps(print))
    with pytest.raises(RunError, match="cannot be read as tensors"):
        lvmctl.load(tmp_path / "b.pt")
    (tmp_path / "c.pt").write_bytes(b"damaged")
    with pytest.raises(RunError, match="cannot be read as tensors") as refused:
        lvmctl.load(tmp_path / "c.pt")
    assert refused.value.exit_code == 4


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"weights": torch.zeros(2), "epoch": 1}, r"has no model_state_dict \(it has weights, ep"),
        ({"model": {}, "losses": {}}, "the run it belongs to"),
        ([torch.zeros(2)], "holds a list, not tensors by name"),
    ],
)
def test_what_is_no_checkpoint(tmp_path, content, message):
    torch.save(content, tmp_path / "x.pt")
    with pytest.raises(RunError, match=message):
        lvmctl.load(tmp_path / "x.pt")


def test_what_is_published_and_what_is_ours(tmp_path):
    p7(tmp_path / "p7")
    assert is_published(tmp_path / "p7")
    assert find_run(str(tmp_path / "p7" / "best_model.pt")) == tmp_path / "p7" / "best_model.pt"
    (tmp_path / "p7" / "config.json").unlink()
    assert is_published(tmp_path / "p7")
    (tmp_path / "p7" / "checkpoints").mkdir()  # ours, and its config.json is lost
    assert not is_published(tmp_path / "p7")
    with pytest.raises(RunError, match="it has no config"):
        lvmctl.load(tmp_path / "p7")


def test_5cat_keeps_what_the_folder_has(tmp_path):
    p7(tmp_path / "p7")
    before = {file.name: file.read_bytes() for file in (tmp_path / "p7").iterdir()}
    before["5cat_results.json"] = b"a log"
    (tmp_path / "p7" / "5cat_results.json").write_bytes(b"a log")
    fivecat(tmp_path / "p7", data=f"{WORLD}@val", min_article=10, ablation_windows=20)
    after = {file.name: file.read_bytes() for file in (tmp_path / "p7").iterdir()}
    assert before.items() <= after.items()
    assert "5cat_partial.json" in after


def test_runs_list_leaves_it_alone(tmp_path):
    p7(tmp_path / "p7")
    short = summary(tmp_path / "p7", tmp_path)
    assert (short.state, short.why) == ("not a run", "a published model")
