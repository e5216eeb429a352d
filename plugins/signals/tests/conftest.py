"""Histories made by hand."""

from __future__ import annotations

import pytest


def _history(epochs: int = 12, **changed: float) -> list[dict]:
    """A healthy P7 run with P6b's figures, with figures changed in every epoch."""
    records = []
    for epoch in range(1, epochs + 1):
        margin, cos_next = (0.1, 0.3) if epoch < 5 else (0.25, 0.5) if epoch < 10 else (0.3, 0.5)
        values = {"margin": margin, "cos_next": cos_next, "cos_anchor": 0.5, "r@5": 0.8}
        values |= {"gate_weight_mean": 0.8, "lambda_eff": 0.01, "loss_share": 0.25} | changed
        train = {name: values[name] for name in ("gate_weight_mean", "lambda_eff", "loss_share")}
        val = {name: values[name] for name in ("cos_next", "cos_anchor", "r@5")}
        val["margin"] = {"last": values["margin"], "second_last": -0.3, "unseen": -0.3}
        if "ceiling" in changed:
            val["ceiling"] = {"margin": {"last": changed["ceiling"]}}
        records.append({"epoch": epoch, "train": train, "val": val})
    return records


@pytest.fixture(scope="session")
def history():
    """``history(epochs=12, **figures)``: a healthy run, but for the figures given."""
    return _history
