"""Histories as a training writes them: one that learns, and the faults planted into it."""

from __future__ import annotations

import copy

import numpy as np

from lvmctl.diagnostics.runs.history import History
from lvmctl.registry.verdict_specs import MetricSpec

EPOCHS = 10
METRICS = {
    metric.name: metric
    for metric in (
        MetricSpec(name="anchor_lambda", summary="λ.", low=0.0, high=1.0),
        MetricSpec(name="raw_anchor_cosine", summary="ρ.", low=-1.01, high=1.01),
        MetricSpec(name="order_accuracy", summary="Order.", low=0.0, high=1.0, chance=0.5),
        MetricSpec(name="loss_share", summary="Share.", low=0.0),
        MetricSpec(name="loss_share_target", summary="Share.", low=0.0, scheduled=True),
    )
}
"""What plugins say of figures."""

DIRECT = {"cos_next": 0.42, "r@5": 0.30}


def records(epochs=EPOCHS, seed=0):
    """A P7-like training without a fault: it learns, λ moves, the gate weighs, the teacher ends."""
    rng = np.random.default_rng(seed)
    epochs_of = []
    for epoch in range(1, epochs + 1):
        learned = 1 - np.exp(-epoch / 2)
        wobble = 0.002 * rng.standard_normal(4)
        cos_next = 0.5 * learned + wobble[0]
        rho = 0.45 * learned + wobble[1]
        anchor_lambda = 0.8 - 0.01 * learned
        train = {
            "loss": 2.2 - learned,
            "loss_rank": 2.1 - learned,
            "loss_margin": 0.12,
            "gate_weight_mean": 0.5716,
        }
        if epoch <= 2:
            train["loss_teacher"] = 0.05
        val = {
            "loss": 3.2 - learned,
            "loss_rank": 3.1 - learned,
            "loss_margin": 0.13,
            "gate_weight_mean": 0.5696,
            "raw_anchor_cosine": rho,
            "cos_next": cos_next,
            "cos_anchor": blended(rho, anchor_lambda),
            "margin": {"last": -0.05 - 0.02 * learned, "second_last": -0.04},
            "r@5": 0.25 + 0.1 * learned,
            "chance_r@5": 0.14,
            "mrr@10": 0.1 + 0.1 * learned,
            "in_article_windows": 1500,
            "windows": 1700,
            "direct": DIRECT,
        }
        epochs_of.append(
            {"epoch": epoch, "train": train, "val": val, "anchor_lambda": float(anchor_lambda)}
        )
    return copy.deepcopy(epochs_of)


def blended(rho, weight):
    """The cosine to the centroid by docs/methods.md#blend, with λ = ``weight``."""
    rest = 1 - weight
    return (weight * rho + rest) / (weight**2 + rest**2 + 2 * weight * rest * rho) ** 0.5


def planted(*changes, epochs=EPOCHS, config=None):
    """A history whose records were changed: ``change(record)`` for each, in turn."""
    history = records(epochs)
    for record in history:
        for change in changes:
            change(record)
    return History(history, config or {}, metrics=METRICS)


def val(since=1, **figures):
    """A change of figures of validation from an epoch on: a value, or a function of the epoch."""

    def change(record):
        if record["epoch"] >= since:
            for name, value in figures.items():
                record["val"][name] = value(record["epoch"]) if callable(value) else value

    return change


def published_p7():
    """The published P7: cos_next .396 → .241, ρ .41 → .17 when the teacher ends.

    Source: docs/methods.md#published-results.
    """
    cos_next = [0.33, 0.396, 0.241, 0.25, 0.255, 0.26, 0.262, 0.265, 0.27, 0.271]
    cos_anchor = [0.55, 0.588, 0.391, 0.40, 0.41, 0.415, 0.42, 0.425, 0.428, 0.430]
    history = records()
    for record, record_next, other in zip(history, cos_next, cos_anchor):
        del record["val"]["raw_anchor_cosine"]
        record["val"] |= {"cos_next": record_next, "cos_anchor": other, "r@5": 0.2}
        record["val"]["margin"] = {"last": -0.065}
    return History(history, metrics=METRICS)


def escaped():
    """P6b under pressure: cos_next and cos_anchor fall while the gap grows, slowly."""
    history = records()
    for place, record in enumerate(history):
        gone = min(max(place - 2, 0) / 4, 1)
        record["val"] |= {
            "cos_next": 0.45 - 0.43 * gone,
            "cos_anchor": 0.75 - 0.8 * gone,
            "margin": {"last": -0.05 + 0.07 * gone, "second_last": -0.04 + 0.29 * gone},
        }
        for part in (record["train"], record["val"], record):
            for name in ("loss_teacher", "anchor_lambda", "raw_anchor_cosine"):
                part.pop(name, None)
    return History(history, metrics=METRICS)
