"""The arithmetic a run uses is measured, exact enough and recorded."""

from __future__ import annotations

import pytest
import torch

from lvmctl.core.errors import UsageError
from lvmctl.training import backend
from lvmctl.training.backend import LARGEST_ERROR, Backend, choose_backend, choose_device, probe


def test_the_probe_measures_every_switch_and_puts_the_old_one_back():
    before = torch.backends.mkldnn.matmul.fp32_precision
    measured = probe(repeats=1)
    assert "none" in measured
    assert all(m["gflops"] > 0 and m["error"] >= 0 for m in measured.values())
    assert measured["none"]["error"] < LARGEST_ERROR
    assert torch.backends.mkldnn.matmul.fp32_precision == before


@pytest.mark.parametrize(
    ("measured", "chosen"),
    [
        ({"none": (100, 1e-7), "bf16": (230, 4e-7)}, "bf16"),
        ({"none": (100, 1e-7), "bf16": (500, 2e-3)}, "none"),
        ({"none": (100, 1e-7), "ieee": (105, 1e-7)}, "none"),
        ({"none": (100, 1e-7), "ieee": (120, 1e-7), "bf16": (900, 1e-2)}, "ieee"),
    ],
)
def test_the_fastest_exact_switch_wins_by_a_clear_gain(monkeypatch, measured, chosen):
    found = {name: {"gflops": rate, "error": error} for name, (rate, error) in measured.items()}
    monkeypatch.setattr(backend, "probe", lambda: found)
    before = torch.backends.mkldnn.matmul.fp32_precision
    try:
        made = choose_backend("cpu", "fp32")
        assert made.fp32_switch == chosen
        assert torch.backends.mkldnn.matmul.fp32_precision == chosen
        assert Backend(**made.record()) == made
    finally:
        torch.backends.mkldnn.matmul.fp32_precision = before


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
