"""Every baseline and oracle core declares keeps the promises of its record."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lvmctl.baselines.records import BASELINES
from lvmctl.baselines.weightings import Centroid, Direct
from lvmctl.data import Windows, open_split
from lvmctl.evaluation.predictors import Centred
from lvmctl.registry import load_registry
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import unit

RECORDS = {record.name: record for record in BASELINES}


@pytest.fixture(scope="module")
def windows() -> Windows:
    return Windows(open_split("synth:topic?articles=10&chunks=9&dim=9"), 4, 1)


@pytest.fixture
def context() -> torch.Tensor:
    x = np.random.default_rng(0).standard_normal((6, 4, 9))
    return torch.from_numpy(x / np.linalg.norm(x, axis=-1, keepdims=True)).float()


def build(name: str, shape: Shape):
    registry = load_registry()
    record = RECORDS[name]
    entry = next(e for e in registry.entries("baseline") if e.record is record)
    return registry.resolve(entry)(record.options(), shape)


def test_the_protocols_baselines_and_oracles_are_there():
    # docs/methods.md#baselines.
    causal = {"direct", "centroid", "ema", "wiener", "ridge", "random", "margin-max"}
    oracles = {"oracle", "span-oracle", "cone-oracle", "cone-margin-oracle"}
    assert set(RECORDS) == causal | oracles
    assert {name for name, record in RECORDS.items() if record.oracle} == oracles
    centred = {name for name, record in RECORDS.items() if record.centred}
    assert centred == causal - {"random", "margin-max"}


def test_direct_is_the_newest_chunk(context):
    assert torch.equal(Direct(NoOptions(), Shape(9, 4))(context), context[:, 3])


def test_centroid_is_the_normalised_mean(context):
    mean = context.double().numpy().mean(axis=1)
    expected = mean / np.linalg.norm(mean, axis=-1, keepdims=True)
    q = Centroid(NoOptions(), Shape(9, 4))(context).numpy()
    assert q == pytest.approx(expected, abs=1e-6)
    # A centred prediction adds the mean back, so the estimate's length counts.
    estimate = Centroid(NoOptions(), Shape(9, 4)).estimate(context).numpy()
    assert estimate == pytest.approx(mean, abs=1e-6)


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_keeps_its_promises(name, windows, context):
    record, made = RECORDS[name], build(name, Shape(9, 4))
    assert hasattr(made, "fit") == record.fitted
    if record.fitted:
        assert made.fit(windows) is made
    inputs = (context, unit(context.flip(1)[:, 0])) if record.oracle else (context,)
    before = context.clone()
    q = made(*inputs)
    assert q.shape == (6, 9)
    assert q.dtype == torch.float32
    assert q.norm(dim=-1).numpy() == pytest.approx(1, abs=1e-5)
    assert torch.equal(context, before)
    alone = made(*(x[2:3] for x in inputs))
    assert torch.allclose(alone, q[2:3], atol=1e-6)


@pytest.mark.parametrize("name", [n for n, record in RECORDS.items() if record.centred])
def test_a_centred_baseline_estimates_from_chunks_of_any_length(name, windows, context):
    made, mean = build(name, Shape(9, 4)), windows.split.mean()
    assert torch.allclose(unit(made.estimate(context)), made(context), atol=1e-6)
    if RECORDS[name].fitted:
        made.fit(Centred(windows, mean))
    shifted = context - torch.from_numpy(mean)
    estimate = made.estimate(shifted)
    assert estimate.shape == (6, 9)
    assert torch.isfinite(estimate).all()
    # No constant is added: every one of them is linear in the chunks.
    assert torch.allclose(made.estimate(3 * shifted), 3 * estimate, atol=1e-5)


@pytest.mark.parametrize("name", RECORDS)
def test_windows_of_one_repeated_chunk_are_no_obstacle(name, windows_of):
    same = np.tile(np.eye(4, dtype=np.float32)[0], (9, 1))
    windows, made = windows_of([same, same], 3), build(name, Shape(4, 3))
    context, target = (torch.from_numpy(f(np.arange(2))) for f in (windows.context, windows.target))
    if RECORDS[name].fitted:
        made.fit(Centred(windows, windows.split.mean()))
        made.fit(windows)
    q = made(context, target) if RECORDS[name].oracle else made(context)
    if name == "random":
        assert torch.equal(q[0], q[1])
    elif name == "margin-max":
        assert q[0].tolist() == pytest.approx([-1, 0, 0, 0], abs=1e-6)
    else:
        assert q[0].tolist() == pytest.approx([1, 0, 0, 0], abs=1e-6)


@pytest.mark.parametrize("name", RECORDS)
def test_a_window_of_one_chunk_is_enough(name, windows_of):
    rng = np.random.default_rng(0)
    articles = list(unit(torch.from_numpy(rng.standard_normal((3, 8, 5)))).numpy())
    windows, made = windows_of(articles, 1, 2), build(name, Shape(5, 1, 2))
    context, target = (torch.from_numpy(f(np.arange(4))) for f in (windows.context, windows.target))
    if RECORDS[name].fitted:
        made.fit(windows)
    q = made(context, target) if RECORDS[name].oracle else made(context)
    assert q.norm(dim=-1).numpy() == pytest.approx(1, abs=1e-5)
