"""Baselines as predictors: fitted, centred, with their errors named."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import replace

import numpy as np
import pytest
import torch
from recorder import Recorder

from lvmctl.core.errors import PluginError
from lvmctl.core.reporter import Reporter
from lvmctl.data import Windows, open_split
from lvmctl.evaluation.evaluate import measured
from lvmctl.evaluation.measure import Protocol, measure
from lvmctl.evaluation.predictors import Predictor, baseline_names, baselines, named
from lvmctl.registry import Plugin, Registry, configure, load_registry
from lvmctl.registry.specs import Shape

SHAPE = Shape(8, 3)


def windows(seed: int) -> Windows:
    return Windows(open_split(f"synth:topic?articles=12&chunks=24&dim=8&seed={seed}"), 3, 1)


@pytest.fixture(scope="module")
def fitted():
    return baselines(load_registry(), SHAPE, windows(0))


def test_every_baseline_is_there_raw_and_centred(fitted):
    predictors, left_out = fitted
    names = [predictor.name for predictor in predictors]
    for name in ("direct", "centroid", "ema", "wiener", "ridge"):
        assert {name, f"{name}-centred"} <= set(names)
    kinds = {predictor.name: predictor.kind for predictor in predictors}
    assert kinds["random"] == kinds["margin-max"] == "baseline"
    for name in ("oracle", "span-oracle", "cone-oracle", "cone-margin-oracle"):
        assert kinds[name] == "oracle"
    assert left_out == []
    assert len(names) == len(set(names))


def test_what_learns_is_left_out_without_training_windows(fitted):
    predictors, left_out = baselines(load_registry(), SHAPE)
    assert {predictor.name for predictor in predictors} | set(left_out) == {
        predictor.name for predictor in fitted[0]
    }
    assert {"ema", "wiener", "ridge", "margin-max", "direct-centred"} <= set(left_out)
    assert {"direct", "centroid", "random", "oracle"}.isdisjoint(left_out)


@pytest.mark.parametrize("train", [None, windows(0)])
def test_progress_counts_every_baseline_fitted_or_left_out(train):
    totals, steps = [], []

    class Stepping(Reporter):
        @contextmanager
        def progress(self, what, unit, total=None, done=0):
            totals.append(total)
            yield steps.append

    baselines(load_registry(), SHAPE, train, Stepping())
    names = baseline_names(load_registry())
    assert (totals, steps) == ([len(names)], [1] * len(names))


def test_every_prediction_is_a_unit_vector_whatever_the_order_of_windows(fitted):
    held = windows(1)
    some = np.arange(len(held))[::7]
    for predictor in fitted[0]:
        q = predictor(held)
        assert q.dtype == np.float32
        assert np.allclose(np.linalg.norm(q, axis=1), 1, atol=1e-5), predictor.name
        assert np.allclose(predictor(held, some), q[some], atol=1e-5), predictor.name


def test_centring_ranks_by_what_is_left_without_the_mean(fitted):
    train, held = windows(0), windows(1)
    centred = named(fitted[0], "direct-centred")
    assert np.allclose(centred(held), named(fitted[0], "direct")(held), atol=1e-5)
    mean = train.split.mean()
    every = train.split.unit_rows(0, train.split.chunks)
    assert np.allclose(mean, every.astype(np.float64).mean(axis=0), atol=1e-6)
    metrics = measure(held, centred, Protocol(pools=("filtered",), everywhere=False))
    ranked = metrics.ranks["in_article.filtered"]
    window = 30
    low = held.split.starts[held.article[window]]
    chunks = held.split.unit_rows(low, low + 24).astype(np.float64) - mean
    chunks /= np.linalg.norm(chunks, axis=1, keepdims=True)
    first = held.position[window]
    scores = chunks @ chunks[first + 2]
    others = [c for c in range(24) if not first <= c < first + 3]
    better = sum(scores[c] > scores[first + 3] for c in others)
    assert ranked.ranks[window] == 1 + better


def test_an_affine_baseline_keeps_the_scale_of_its_estimate(fitted):
    # On centred chunks the estimate is short where little can be foreseen; q is it plus the mean.
    held = windows(1)
    plain, centred = (named(fitted[0], name) for name in ("ridge", "ridge-centred"))
    index = np.arange(200)
    cosine = {
        predictor.name: np.einsum("nd,nd->n", predictor(held, index), held.target(index)).mean()
        for predictor in (plain, centred)
    }
    assert cosine["ridge-centred"] == pytest.approx(cosine["ridge"], abs=0.1)


BASELINE = """
from lvmctl import BaselineSpec, Shape, hookimpl
@hookimpl
def lvmctl_baselines():
    return [BaselineSpec(name="oldest", summary="The oldest chunk.", target="mine.b:Oldest",
                         fitted={fitted}, centred=False)]
"""
CODE = """
class Oldest:
    def __init__(self, options, shape): pass
    def fit(self, windows): raise KeyError("no")
    def __call__(self, context): {body}
    def score(self, context, pool): {score}
"""


@pytest.fixture
def third_party(install, monkeypatch):
    """Installs a baseline of another distribution and loads it."""

    def make(body="return context[:, 0]", score="raise ValueError('odd')", fitted=False):
        files = {
            "mine/plugin.py": BASELINE.format(fitted=fitted),
            "mine/b.py": CODE.format(body=body, score=score),
        }
        monkeypatch.syspath_prepend(str(install("lvmctl-mine", {"mine": "mine.plugin"}, files)))
        configure()
        return load_registry()

    yield make
    configure()


def test_a_third_party_s_baseline_joins_the_others(third_party):
    registry = third_party(score="return context[:, 0] @ pool.vectors.T")
    predictors, _ = baselines(registry, SHAPE)
    held = windows(1)
    oldest = named(predictors, "oldest")
    assert np.allclose(oldest(held), held.context(np.arange(len(held)))[:, 0], atol=1e-6)
    ranked = measure(held, oldest, Protocol()).ranks["in_article.filtered"]
    assert ranked.ranks.min() >= 1


def test_the_fault_of_a_fit_carries_its_name(third_party):
    recorder = Recorder()
    predictors, left_out = baselines(third_party(fitted=True), SHAPE, windows(0), recorder)
    assert left_out == ["oldest"]
    assert "direct" in {predictor.name for predictor in predictors}
    (message,) = recorder.messages
    assert message.startswith("oldest is left out: baseline oldest of plugin mine")
    assert "KeyError" in message


def test_an_evaluation_does_without_a_baseline_that_fails(third_party):
    predictors, _ = baselines(third_party(body="raise RuntimeError('no')"), SHAPE)
    reporter = Recorder()
    metric_table = measured(windows(1), predictors, Protocol(), reporter)
    assert set(metric_table.measured) == {each.name for each in predictors} - {"oldest"}
    assert "oldest is left out: baseline oldest of plugin mine" in reporter.messages[0]
    run = replace(named(predictors, "oldest"), name="p8", kind="run", optional=False)
    with pytest.raises(PluginError, match="RuntimeError: no"):
        measured(windows(1), [run], Protocol(), reporter)


def test_the_fault_of_a_prediction_carries_its_name(third_party):
    registry = third_party(body="raise RuntimeError('no')")
    oldest = named(baselines(registry, SHAPE)[0], "oldest")
    with pytest.raises(PluginError, match=r"baseline oldest of plugin mine.*RuntimeError: no"):
        oldest(windows(1))


def test_the_fault_of_a_score_carries_its_name(third_party):
    oldest = named(baselines(third_party(), SHAPE)[0], "oldest")
    with pytest.raises(PluginError, match=r"baseline oldest.*ValueError: odd"):
        measure(windows(1), oldest, Protocol())


@pytest.mark.parametrize(
    ("details", "message"),
    [
        ({"body": "return context[:, 0, :3]"}, r"it returned shape \(\d+, 3\), not \(\d+, 8\)"),
        ({"score": "return context[:, 0]"}, r"it returned shape \(21, 8\), not \(21, 24\)"),
        ({"body": "return 1"}, "AttributeError"),
        ({"body": "return context[:, 0] / 0"}, "NaN or infinity"),
    ],
)
def test_what_has_another_shape_is_a_fault_too(third_party, details, message):
    oldest = named(baselines(third_party(**details), SHAPE)[0], "oldest")
    with pytest.raises(PluginError, match=message):
        measure(windows(1), oldest, Protocol())


def test_predictions_are_made_without_gradients():
    held = windows(1)
    seen = []

    def call(context):
        seen.append(torch.is_grad_enabled())
        return context[:, -1]

    Predictor("watching", call)(held)
    assert seen == [False]


def test_cores_rows_keep_their_names_beside_a_plugins_baseline_of_that_name(fitted):
    registry = load_registry()
    core = next(plugin for plugin in registry.plugins if plugin.distribution == "lvmctl")
    direct = registry.get("baseline", "direct").record
    origin = replace(core.origin, name="rival", distribution="lvmctl-rival")
    rival = Plugin(origin, "ok", 1, (replace(direct, centred=False),))
    both = Registry([*registry.plugins, rival], registry.hook)
    names = [predictor.name for predictor in baselines(both, SHAPE, windows(0))[0]]
    assert names == [*(predictor.name for predictor in fitted[0]), "rival/direct"]
