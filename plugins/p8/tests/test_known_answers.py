"""P8's parts trained on worlds where the best result is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from lvmctl_p8.listwise import Listwise
from lvmctl_p8.model import Mixture
from lvmctl_p8.options import ListwiseOptions, OrderOptions, PreviousRepelOptions
from lvmctl_p8.order import OrderVerifier
from lvmctl_p8.previous_repel import PreviousRepel

from lvmctl.baselines.centroid import Centroid
from lvmctl.baselines.direct import Direct
from lvmctl.baselines.wiener import Wiener
from lvmctl.batch import FIELDS, Prediction, Step
from lvmctl.data import Windows, open_splits
from lvmctl.data.batches import BatchBuilder
from lvmctl.data.sampling import epoch_order, step_windows, steps_per_epoch
from lvmctl.evaluation.figures import figures, predict
from lvmctl.evaluation.ranks import in_article_ranks
from lvmctl.geometry import span_projection
from lvmctl.losses.cosine import Cosine
from lvmctl.models.options import SequenceEncoderOptions
from lvmctl.plugins import NoOptions, Shape

K = 5
NOW = Step(epoch=1, index=0, epochs=1, steps_per_epoch=1)
DEVIATIONS = 4


def train_and_val(source: str) -> tuple[Windows, Windows]:
    splits = open_splits(source)
    return Windows(splits.train, K, 1), Windows(splits.val, K, 1)


def shape_of(windows: Windows) -> Shape:
    return Shape(windows.split.dim, K, 1)


def builder(windows: Windows) -> BatchBuilder:
    return BatchBuilder(windows, FIELDS, negatives=2, order_pairs=4)


def train(windows: Windows, loss: torch.nn.Module, model=None, *, epochs: int, lr: float) -> None:
    """Plain AdamW on ``loss``, and on ``model`` where the loss needs predictions."""
    batches, size = builder(windows), 128
    modules = torch.nn.ModuleList(module for module in (model, loss) if module is not None)
    optimizer = torch.optim.AdamW(modules.parameters(), lr)
    for epoch in range(1, epochs + 1):
        order = epoch_order(len(windows), 0, epoch)
        for index in range(steps_per_epoch(len(windows), size)):
            batch = batches.batch(step_windows(order, size, index), epoch, index)
            prediction = Prediction(batch.last) if model is None else model(batch.context)
            optimizer.zero_grad()
            loss(prediction, batch, NOW).total.backward()
            optimizer.step()


def small_mixture(windows: Windows) -> Mixture:
    torch.manual_seed(0)
    sizes = {"width": 32, "layers": 1, "heads": 2, "feedforward": 64, "dropout": 0.0}
    return Mixture(SequenceEncoderOptions(**sizes), shape_of(windows))


def interval(values: np.ndarray, article: np.ndarray) -> float:
    """4 standard errors of the mean over windows, clustered by article."""
    residuals = np.bincount(article, values - values.mean())
    return DEVIATIONS * math.sqrt((residuals**2).sum()) / len(values)


def order_right(source: str) -> tuple[np.ndarray, np.ndarray]:
    """Whether the trained verifier orders held-out pairs, (W,) means, and their articles."""
    fit, held_out = train_and_val(source)
    torch.manual_seed(0)
    loss = OrderVerifier(OrderOptions(), shape_of(fit))
    train(fit, loss, epochs=2, lr=2e-3)
    batch = builder(held_out).batch(np.arange(len(held_out)), 0)
    with torch.no_grad():
        later = loss.logit(batch.order_first, batch.order_second) > 0
        accuracy = loss(Prediction(batch.last), batch, NOW).metrics["order_accuracy"].item()
    right = (later == (batch.order_label > 0.5)).float().mean(dim=1).double().numpy()
    assert accuracy == pytest.approx(right.mean())
    return right, held_out.article


def test_order_cannot_be_seen_in_a_reversible_world():
    right, article = order_right("synth:ar1?articles=400&chunks=40")
    within = interval(right, article)
    assert within < 0.05
    assert right.mean() == pytest.approx(0.5, abs=within)


def test_order_is_seen_in_a_rotating_world():
    right, _ = order_right("synth:rotation?articles=400&chunks=40")
    assert right.mean() > 0.9


def test_a_cosine_loss_reaches_the_best_scalar_weights_on_topic():
    fit, held_out = train_and_val("synth:topic?a=.3&f=.4&dim=16&articles=300&chunks=25")
    shape = shape_of(fit)
    model = small_mixture(fit)
    train(fit, Cosine(NoOptions(), shape), model, epochs=4, lr=3e-3)

    def cos_next(predictor) -> float:
        return figures(held_out, predict(predictor, held_out), pools=())["cos_next"]

    best = cos_next(Wiener(NoOptions(), shape).fit(fit))
    reached = cos_next(lambda context: model.eval()(context).q)
    assert reached > best - 0.01
    assert reached > cos_next(Direct(NoOptions(), shape)) + 0.03
    assert reached > cos_next(Centroid(NoOptions(), shape)) + 0.03


@pytest.mark.parametrize("name", ["cosine", "listwise", "previous-repel"])
def test_no_loss_lifts_a_mixture_over_the_span_ceiling(name):
    fit, held_out = train_and_val("synth:topic?a=.8&f=.2&dim=12&articles=60&chunks=20")
    shape = shape_of(fit)
    loss = {
        "cosine": Cosine(NoOptions(), shape),
        "listwise": Listwise(ListwiseOptions(), shape),
        "previous-repel": PreviousRepel(PreviousRepelOptions(margin=2.0), shape),
    }[name]
    model = small_mixture(fit)
    train(fit, loss, model, epochs=2, lr=1e-2)
    for windows in (fit, held_out):
        every = np.arange(len(windows))
        context, target = (torch.from_numpy(f(every)) for f in (windows.context, windows.target))
        with torch.no_grad():
            reached = (model(context).q * target).sum(-1)
        ceiling = span_projection(context, target).norm(dim=-1)
        assert (reached <= ceiling + 1e-5).all()


def test_nothing_is_learned_from_independent_chunks():
    fit, held_out = train_and_val("synth:iid?articles=400&chunks=24&dim=12")
    model = small_mixture(fit)
    train(fit, Listwise(ListwiseOptions(), shape_of(fit)), model, epochs=2, lr=3e-3)
    q = predict(lambda context: model.eval()(context).q, held_out)
    ranks, sizes = in_article_ranks(held_out, np.arange(len(held_out)), q)["filtered"]
    assert (sizes == 24 - K).all()
    hits = (ranks <= 5).astype(float)
    within = interval(hits, held_out.article)
    assert within < 0.08
    assert hits.mean() == pytest.approx(5 / 19, abs=within)
    found = figures(held_out, q, pools=("filtered",))["in_article"]["filtered"]
    assert found["chance_r@5"] == pytest.approx(5 / 19)
