"""How long an evaluation will take is told from a few chunks."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
import torch

from lvmctl.core.reporter import Reporter
from lvmctl.data import Windows
from lvmctl.evaluation import evaluate, expected
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.predictors import Predictor


def last(context: torch.Tensor, *_: torch.Tensor) -> torch.Tensor:
    return context[:, -1]


PREDICTORS = [Predictor("a", last), Predictor("b", last, "oracle")]


@pytest.fixture
def windows(split_of):
    rng = np.random.default_rng(0)
    return Windows(
        split_of(rng.standard_normal((900, 3)).astype(np.float32), [9, 300] * 2 + [282]), 2, 1
    )


def test_seconds_of_a_trial_are_those_of_as_many_windows_and_pairs(windows, monkeypatch):
    monkeypatch.setattr(expected, "QUICK", 0)
    monkeypatch.setattr(expected, "CHUNKS", 100)
    clock = itertools.count()
    monkeypatch.setattr(expected.time, "perf_counter", lambda: next(clock))  # a call takes 1 s
    few = expected.first_chunks(windows)
    assert few.split.lengths.tolist() == [9, 91]
    protocol = Protocol(tests="CD", perturbed=np.arange(10))
    inside, everywhere = 89 * 91, len(few) * 100
    assert expected.pairs(few, protocol) == (inside, everywhere)
    asked = 2 * len(windows) + 10 * (2 + 4 + 4)  # an oracle is not asked again
    ranked = 2 * (expected.pairs(windows, protocol)[0] / inside)
    globally = 2 * len(windows) * 900 / everywhere
    seconds = expected.expected_seconds(windows, PREDICTORS, protocol)
    assert seconds == pytest.approx(asked / len(few) + ranked + globally)


def test_little_work_is_not_tried(windows):
    assert expected.expected_seconds(windows, PREDICTORS, Protocol()) is None


def test_what_takes_more_than_a_minute_is_said(windows, monkeypatch):
    said: list[str] = []
    monkeypatch.setattr(Reporter, "info", lambda self, message: said.append(message))
    for seconds in (None, 59.0, 7200.0):
        monkeypatch.setattr(evaluate, "expected_seconds", lambda *_, value=seconds: value)
        evaluate.measured(windows, PREDICTORS, Protocol(), Reporter())
    assert len(said) == 1
    assert "2.0 hours" in said[0]
    assert "--max-windows" in said[0]
