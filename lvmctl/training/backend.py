"""Which arithmetic this machine does fast and right: probed, chosen, recorded (ENGINEERING, Speed).

On a CPU, fp32 matrix products can go through several libraries. On some chips one of them is twice
as fast; on others the same switch quietly rounds to bf16. So speed and error are both measured.
"""

from __future__ import annotations

import platform
import time
from dataclasses import asdict, dataclass
from typing import Any

import torch

from lvmctl.core.errors import UsageError

SWITCHES = ("none", "ieee", "bf16")
"""Values of ``torch.backends.mkldnn.matmul.fp32_precision`` worth trying, the default first."""

LARGEST_ERROR = 1e-5
"""Relative error above which a product is not float32 arithmetic."""

GAIN = 1.1
"""How much faster than the default a switch must be to be chosen."""

ROWS, INNER, COLUMNS = 640, 512, 1024


@dataclass(frozen=True)
class Backend:
    """How a run computes; a resumed run must compute the same way to be bit-identical.

    Attributes:
        device: ``cpu``, ``cuda`` or ``mps``.
        hardware: the processor's or the GPU's name.
        threads: CPU threads of torch.
        fp32_switch: the chosen value of :data:`SWITCHES`.
        precision: ``fp32`` or ``bf16`` autocast.
        torch: torch's version.
    """

    device: str
    hardware: str
    threads: int
    fp32_switch: str
    precision: str
    torch: str

    def apply(self) -> None:
        """Make torch compute this way."""
        flush_denormals()
        torch.backends.mkldnn.matmul.fp32_precision = self.fp32_switch

    def autocast(self) -> torch.autocast:
        """The context of a forward pass."""
        enabled = self.precision == "bf16"
        return torch.autocast(self.device, dtype=torch.bfloat16, enabled=enabled)

    def record(self) -> dict[str, Any]:
        return asdict(self)


def choose_device(name: str) -> str:
    """``auto`` prefers CUDA, then the CPU; MPS only on request (METHODS §5).

    Raises:
        UsageError: the device is not there.
    """
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if not there[name]:
        raise UsageError(f"this machine has no {name} device", mend="use --device cpu")
    return name


def choose_backend(device: str, precision: str) -> Backend:
    """The fastest arithmetic of ``device`` that is still exact enough, applied."""
    flush_denormals()
    switch = "none"
    if device == "cpu":
        measured = probe()
        exact = {s: m for s, m in measured.items() if m["error"] <= LARGEST_ERROR}
        if exact:
            best = max(exact, key=lambda s: exact[s]["gflops"])
            default = exact.get("none", {"gflops": 0.0})["gflops"]
            switch = best if exact[best]["gflops"] > GAIN * default else "none"
    backend = Backend(
        device=device,
        hardware=hardware(device),
        threads=torch.get_num_threads(),
        fp32_switch=switch,
        precision=precision,
        torch=torch.__version__,
    )
    backend.apply()
    return backend


def flush_denormals() -> None:
    """Count numbers below 1e-38 as 0: arithmetic on them is forty times slower.

    Gradients and optimiser state get there as a training goes on. Call it before torch computes
    anything: the threads it starts inherit the setting.
    """
    torch.set_flush_denormal(True)


def probe(repeats: int = 5) -> dict[str, dict[str, float]]:
    """Speed and error of an fp32 product under each switch, about 50 ms in all.

    Returns:
        By switch: ``gflops`` (best of ``repeats``) and ``error``, relative to float64. A switch
        this build of torch does not know is left out.
    """
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(ROWS, INNER, generator=generator)
    b = torch.randn(INNER, COLUMNS, generator=generator)
    exact = a.double() @ b.double()
    before = torch.backends.mkldnn.matmul.fp32_precision
    measured = {}
    for switch in SWITCHES:
        try:
            torch.backends.mkldnn.matmul.fp32_precision = switch
        except RuntimeError:
            continue
        product, best = a @ b, float("inf")
        for _ in range(repeats):
            begin = time.perf_counter()
            product = a @ b
            best = min(best, time.perf_counter() - begin)
        error = float((product.double() - exact).norm() / exact.norm())
        measured[switch] = {"gflops": 2e-9 * ROWS * INNER * COLUMNS / best, "error": error}
    torch.backends.mkldnn.matmul.fp32_precision = before
    return measured


def hardware(device: str) -> str:
    """The name of what ``device`` computes on."""
    return torch.cuda.get_device_name() if device == "cuda" else processor()


def processor() -> str:
    """The processor's name."""
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            for line in file:
                if line.startswith("model name"):
                    return line.partition(":")[2].strip()
    except OSError:
        pass
    return platform.processor() or platform.machine()


def devices() -> list[str]:
    """What this machine can compute on: ``cpu``, then its accelerators by name."""
    found = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return ["cpu", *found, *(["mps"] if torch.backends.mps.is_available() else [])]


def threads() -> int:
    """CPU threads of torch."""
    return torch.get_num_threads()
