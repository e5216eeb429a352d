"""The arithmetic a run uses is decided by its error alone, exact enough, pinned and recorded."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace

import pytest
import torch

from lvmctl.core.errors import UsageError
from lvmctl.training import backend
from lvmctl.training.backend import (
    LARGEST_ERROR,
    SWITCHES,
    Backend,
    choose_backend,
    choose_device,
    fp32_error,
)

MATMUL = torch.backends.mkldnn.matmul


@pytest.fixture(autouse=True)
def switch_put_back():
    before = MATMUL.fp32_precision
    yield
    MATMUL.fp32_precision = before


@pytest.fixture
def rounding(monkeypatch):
    """``rounding(error)``: oneDNN's products are off by so much."""
    return lambda error: monkeypatch.setattr(
        backend, "fp32_error", lambda switch: error if switch == "bf16" else 2e-7
    )


def test_errors_are_those_of_float32_and_leave_the_switch_alone():
    MATMUL.fp32_precision = "bf16"
    fp32_error.cache_clear()
    assert 0 < fp32_error("none") < 1e-6
    assert fp32_error("unknown") == float("inf")
    assert MATMUL.fp32_precision == "bf16"


def test_an_error_in_any_shape_counts(monkeypatch):
    whole = torch.bmm

    def rounded(a, b):
        if a.shape[1] == 1:
            a = a.bfloat16().float()
        return whole(a, b)

    monkeypatch.setattr(torch, "bmm", rounded)
    fp32_error.cache_clear()
    assert fp32_error("none") > 1e-4
    fp32_error.cache_clear()


@pytest.mark.parametrize(("error", "chosen"), [(4e-7, "bf16"), (2e-3, "none"), (1.1e-5, "none")])
def test_onednn_is_taken_where_it_does_not_round(rounding, error, chosen):
    rounding(error)
    made = choose_backend("cpu", "fp32")
    assert made.fp32_switch == chosen
    assert MATMUL.fp32_precision == chosen
    assert Backend(**made.record()) == made


@pytest.mark.parametrize("error", [4e-7, 2e-3])
def test_a_pinned_one_is_taken_or_refused(rounding, error):
    rounding(error)
    assert choose_backend("cpu", "fp32", "blas").fp32_switch == "none"
    if error < LARGEST_ERROR:
        assert choose_backend("cpu", "fp32", "onednn").fp32_switch == "bf16"
        return
    with pytest.raises(UsageError) as caught:
        choose_backend("cpu", "fp32", "onednn")
    assert str(caught.value) == (
        "matmul=onednn: its products are not float32 arithmetic here (relative error 2e-03); "
        "use matmul=auto, or precision=bf16 where rounding is wanted"
    )


def test_what_another_machine_chose_is_kept_unless_it_rounds_here(rounding):
    saved = replace(choose_backend("cpu", "fp32"), fp32_switch=SWITCHES["onednn"])
    rounding(4e-7)
    assert saved.exact_here() == saved
    rounding(2e-3)
    assert saved.exact_here() == replace(saved, fp32_switch="none")


def choice() -> list:
    """What is chosen by a measurement of its own, and the errors it is chosen by."""
    fp32_error.cache_clear()
    return [choose_backend("cpu", "fp32").record(), fp32_error("none"), fp32_error("bf16")]


def test_a_busy_machine_changes_nothing():
    quiet = choice()
    busy = [
        subprocess.Popen([sys.executable, "-c", "while True: pass"])
        for _ in range(os.cpu_count() or 1)
    ]
    try:
        assert [choice() for _ in range(3)] == [quiet] * 3
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_numbers_that_slow_the_arithmetic_down_count_as_0():
    try:
        torch.set_flush_denormal(False)
        tiny = torch.full((64,), 1e-39)
        assert (tiny * 1).all()
        choose_backend("cpu", "fp32")
        assert not (tiny * 1).any()
    finally:
        torch.set_flush_denormal(False)


def test_autocast_only_in_bf16():
    a = torch.ones(4, 4)
    for precision, dtype in (("fp32", torch.float32), ("bf16", torch.bfloat16)):
        with choose_backend("cpu", precision).autocast():
            assert (a @ a).dtype == dtype


def test_devices_that_are_not_there():
    assert choose_device("cpu") == "cpu"
    assert choose_device("auto") in ("cpu", "cuda")
    if not torch.cuda.is_available():
        with pytest.raises(UsageError, match="no cuda device; use --device cpu"):
            choose_device("cuda")
