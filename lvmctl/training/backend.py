"""Which arithmetic a run uses: decided by the error of its products, recorded, pinned on request.

On a CPU, torch multiplies float32 matrices by a BLAS or, under the switch that allows bf16, by
oneDNN. On a processor without matrix units for bf16 oneDNN still multiplies in float32, at up to
twice the rate; on others it rounds to bf16. So the error under the switch says which it is. Speed
is not measured: every process on one machine computes alike, however busy that is.
"""

from __future__ import annotations

import functools
import platform
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from lvmctl.core.errors import UsageError
from lvmctl.core.reporter import Reporter

SWITCHES = {"blas": "none", "onednn": "bf16"}
"""Values of ``torch.backends.mkldnn.matmul.fp32_precision`` by what multiplies under them."""

LARGEST_ERROR = 1e-5
"""Relative error above which a product is not float32 arithmetic."""

PRODUCTS = (
    (256, 768, 512),
    (256, 512, 1536),
    (256, 512, 2048),
    (256, 2048, 512),
    (33, 65, 64),
    (1, 768, 512),
    (2, 3, 5),
)
"""Rows, summed and columns of the products that errors are measured on: of the common encoder, of
small models, of a single window."""


@dataclass(frozen=True)
class Backend:
    """How a run computes; a resumed run must compute the same way to be bit-identical.

    ``hardware`` is the processor's or the GPU's name, ``threads`` those of torch on the CPU,
    ``fp32_switch`` a value of :data:`SWITCHES`, ``precision`` ``fp32`` or ``bf16`` autocast.
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

    def exact_here(self) -> Backend:
        """The same, by BLAS where this processor would round the float32 products."""
        if self.device != "cpu" or fp32_error(self.fp32_switch) <= LARGEST_ERROR:
            return self
        return replace(self, fp32_switch=SWITCHES["blas"])

    def autocast(self) -> torch.autocast:
        """The context of a forward pass."""
        enabled = self.precision == "bf16"
        return torch.autocast(self.device, dtype=torch.bfloat16, enabled=enabled)

    def record(self) -> dict[str, Any]:
        return asdict(self)


def choose_device(name: str) -> str:
    """``auto`` prefers CUDA, then the CPU; MPS only on request (docs/methods.md#device)."""
    if name == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    there = {
        "cpu": True,
        "cuda": torch.cuda.is_available(),
        "mps": torch.backends.mps.is_available(),
    }
    if name not in there:
        known = ", ".join(("auto", *there))
        raise UsageError(f"there is no device {name!r}", hint=f"use one of {known}")
    if not there[name]:
        raise UsageError(f"this machine has no {name} device", hint="use --device cpu")
    return name


def choose_backend(device: str, precision: str, matmul: str = "auto") -> Backend:
    """How to compute on ``device``, applied, in ``fp32`` or ``bf16`` autocast.

    ``matmul`` is what multiplies float32 matrices on a CPU: a key of :data:`SWITCHES`, which is
    refused where that is no float32 arithmetic here, or ``auto`` for oneDNN where it is. Other
    devices have no choice.
    """
    flush_denormals()
    switch = SWITCHES["blas"]
    if device == "cpu":
        switch = SWITCHES["onednn" if matmul == "auto" else matmul]
        rounded = fp32_error(switch)
        if rounded > LARGEST_ERROR:
            if matmul != "auto":
                raise UsageError(
                    f"its products are not float32 arithmetic here (relative error {rounded:.0e})",
                    where=f"matmul={matmul}",
                    hint="use matmul=auto, or precision=bf16 where rounding is wanted",
                )
            switch = SWITCHES["blas"]
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


def keep_backend(saved: Backend, device: str, reporter: Reporter) -> Backend:
    """How to go on computing: as the run did so far, and a difference of the machine is reported.

    Where its float32 products would be rounded on this machine, they go by BLAS.
    """
    if device not in ("auto", saved.device):
        raise UsageError(
            f"the run computes on {saved.device}", where="--resume", hint="leave --device out"
        )
    choose_device(saved.device)
    if saved.device == "cpu" and saved.threads != torch.get_num_threads():
        torch.set_num_threads(saved.threads)
    backend = saved.exact_here()
    backend.apply()
    now = {
        "hardware": hardware(saved.device),
        "torch": torch.__version__,
        "fp32_switch": backend.fp32_switch,
    }
    changed = [
        f"{name} {getattr(saved, name)} → {value}"
        for name, value in now.items()
        if getattr(saved, name) != value
    ]
    if changed:
        reporter.warning(
            f"the machine changed ({', '.join(changed)}): not bit-identical from here on"
        )
    return backend


def flush_denormals() -> None:
    """Count numbers below 1e-38 as 0: arithmetic on them is forty times slower.

    Gradients and optimiser state get there as a training goes on. Call it before torch computes
    anything: the threads it starts inherit the setting.
    """
    torch.set_flush_denormal(True)


@functools.cache
def fp32_error(switch: str) -> float:
    """Largest ‖product − exact‖ / ‖exact‖ of float32 products under a switch, measured against
    float64 over :data:`PRODUCTS` and their transposes; infinity where this build of torch does not
    know the switch. The same in every process of a machine."""
    generator = torch.Generator().manual_seed(0)
    before = torch.backends.mkldnn.matmul.fp32_precision
    errors = []
    try:
        torch.backends.mkldnn.matmul.fp32_precision = switch
        for rows, inner, columns in PRODUCTS:
            a = torch.randn(rows, inner, generator=generator)
            b = torch.randn(inner, columns, generator=generator)
            exact = a.double() @ b.double()
            for product in (a @ b, (b.T @ a.T).T, torch.bmm(a[None], b[None])[0]):
                errors.append((product.double() - exact).norm() / exact.norm())
    except RuntimeError:
        return float("inf")
    finally:
        torch.backends.mkldnn.matmul.fp32_precision = before
    return float(torch.stack(errors).max())


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
    gpus = [torch.cuda.get_device_name(i) for i in range(torch.cuda.device_count())]
    return ["cpu", *gpus, *(["mps"] if torch.backends.mps.is_available() else [])]


def threads() -> int:
    """CPU threads of torch."""
    return torch.get_num_threads()
