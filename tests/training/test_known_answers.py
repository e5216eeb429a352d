"""Training on synthetic worlds whose answer is known (docs/methods.md#worlds)."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from evaluation.means import mean_metrics

from lvmctl import Prediction
from lvmctl.baselines.weightings import Wiener
from lvmctl.evaluation.fivecat.offsets import offset_metrics, offset_sweep, rivals
from lvmctl.evaluation.predictors import Predictor
from lvmctl.registry.record import NoOptions
from lvmctl.registry.specs import Shape
from lvmctl.sphere import span_projection

ORDER = {"width": 16, "feedforward": 16, "batch_size": 64, "lr": 2e-3}


def test_with_a_cosine_loss_the_mixture_reaches_the_best_scalar_weighting(make_training):
    training = make_training(
        data="synth:topic?articles=120&chunks=24&dim=16&a=0.3&f=0.4",
        losses=["cosine", "listwise:0", "previous-repel:0", "order:0"],
        epochs=3,
        lr=3e-3,
    )
    training.fit()
    train, val = training.builder.windows, training.validation.builder.windows
    wiener = Wiener(NoOptions(), Shape(16, 5, 1)).fit(train)
    best = mean_metrics(val, Predictor("wiener", wiener)(val), min_article=6)["cos_next"]
    val_record = training.records[-1]["val"]
    assert val_record["cos_next"] == pytest.approx(best, abs=0.01)
    assert best - val_record["direct"]["cos_next"] > 0.03


@pytest.mark.parametrize("losses", [(), ("cosine:5",), ("mse:100", "listwise:0")])
def test_no_loss_gets_above_the_span_ceiling(make_training, losses):
    training = make_training(losses=losses, epochs=2, lr=3e-3)
    training.fit()
    training.model.eval()
    windows = training.validation.builder.windows
    index = np.arange(len(windows))
    context, target = (torch.from_numpy(x(index)) for x in (windows.context, windows.target))
    with torch.no_grad():
        cosine = (training.model(context).q * target).sum(-1)
    ceiling = span_projection(context, target).norm(dim=-1)
    assert (cosine <= ceiling + 1e-5).all()
    assert (ceiling < 1 - 1e-3).any()


def held_out_order_accuracy(training) -> tuple[float, float]:
    """Accuracy on validation pairs and its standard error, articles as the unit."""
    windows = training.validation.builder.windows
    batch = training.validation.builder.batch(np.arange(len(windows)), 0)
    verifier = training.objective.losses[-1]
    with torch.no_grad():
        right = verifier(Prediction(batch.target), batch, None).metrics["order_accuracy"].numpy()
    means = np.array([right[windows.article == a].mean() for a in np.unique(windows.article)])
    return float(means.mean()), float(means.std(ddof=1) / np.sqrt(len(means)))


def test_order_cannot_be_seen_in_a_reversible_world(make_training):
    training = make_training(data="synth:ar1?articles=200&chunks=20&dim=24", epochs=1, **ORDER)
    training.fit()
    accuracy, error = held_out_order_accuracy(training)
    assert abs(accuracy - 0.5) < 4 * error
    assert error < 0.03


def test_order_is_seen_in_a_rotating_world(make_training):
    training = make_training(data="synth:rotation?articles=200&chunks=30", epochs=2, **ORDER)
    training.fit()
    accuracy, error = held_out_order_accuracy(training)
    assert accuracy - 2 * error > 0.85
    assert training.records[-1]["val"]["order_accuracy"] == pytest.approx(accuracy, abs=0.02)


def test_on_independent_chunks_nothing_beats_chance(make_training):
    training = make_training(data="synth:iid?articles=150&chunks=30&dim=24", epochs=1)
    training.fit()
    val = training.records[-1]["val"]
    spread = np.sqrt(val["chance_r@5"] / val["in_article_windows"])
    assert val["chance_r@5"] == pytest.approx(5 / 25)
    assert abs(val["r@5"] - val["chance_r@5"]) < 4 * spread
    assert abs(val["direct"]["r@5"] - val["chance_r@5"]) < 4 * spread
    assert abs(val["cos_next"]) < 4 / np.sqrt(24 * val["windows"])
    assert val["loss_rank"] > np.log(2)


def test_mini_5cat_of_direct_is_the_lag_curve(make_training):
    data, a = "synth:ar1?articles=400&chunks=24&dim=16&a=0.6", 0.6
    direct = make_training(data=data).validation.direct
    at = direct["5cat"]["A"]
    assert list(at["sweep"]) == [str(k) for k in range(-8, 4)]
    for k, cosine in at["sweep"].items():
        assert cosine == pytest.approx(a ** abs(int(k) + 1), abs=0.05)
    assert at["seed"] == pytest.approx(a - 1, abs=0.05)
    assert at["rival"] == 1
    assert at["fair"] == pytest.approx(a - a**2, abs=0.05)
    # A copier predicts ar1 as well as anyone can (docs/methods.md#5cat, at a = .9).
    assert at["chance"] == pytest.approx(1 / 7)
    assert at["accuracy"] > 0.5
    # With the window in the pool, the prediction finds itself first.
    retrieval = direct["5cat"]["B"]
    assert retrieval["seed"]["r@1"] == 0
    assert retrieval["fair"] == {name: direct[name] for name in ("r@1", "r@5")}
    assert 0 < retrieval["seed"]["r@5"] < retrieval["fair"]["r@5"]


def test_mini_5cat_of_a_model_is_that_of_its_predictions(make_training):
    training = make_training(data="synth:rotation?articles=60&chunks=16&dim=16", context=3)
    val = training.validate()
    windows = training.validation.builder.windows
    predictor = Predictor("p8", lambda context: training.model(context).q)
    q = predictor(windows)
    sweep = offset_sweep(windows, q)
    at = val["5cat"]["A"]
    assert at["sweep"] == pytest.approx({str(k): c.mean() for k, c in sweep.items()}, abs=1e-6)
    assert at["rival"] == rivals(windows, sweep)["fair"]
    columns = offset_metrics(windows, q, sweep)
    for rule in ("seed", "fair", "accuracy"):
        assert at[rule] == pytest.approx(columns[f"offsets.{rule}"].mean(), abs=1e-6)
    assert at["chance"] == pytest.approx(1 / 7)
    pools = mean_metrics(windows, q, min_article=6)["in_article"]
    for rule, pool in (("seed", "unfiltered"), ("fair", "filtered")):
        expected = {name: pools[pool][name] for name in ("r@1", "r@5")}
        assert val["5cat"]["B"][rule] == pytest.approx(expected)


def test_mini_5cat_leaves_out_what_short_articles_lack(make_training):
    training = make_training(data="synth:ar1?articles=60&chunks=6&dim=16", min_article=7)
    direct = training.validation.direct
    assert direct["in_article_windows"] == 0
    assert direct["5cat"]["B"] == {"seed": {}, "fair": {}}
    assert direct["5cat"]["A"].keys() == {"seed", "sweep"}
    assert list(direct["5cat"]["A"]["sweep"]) == ["-5", "-4", "-3", "-2", "-1", "0"]
