"""Says the signals of a training on stderr and keeps them in its run directory."""

from __future__ import annotations

import sys
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from lvmctl import LvmctlError, OutputError, get_number, hookimpl, read_json, write_json
from lvmctl_signals.signals import signals_of

FILE = "signals.json"


@hookimpl
def lvmctl_after_epoch(run: Any, epoch: int, metrics: dict[str, Any]) -> None:
    # The file does not have this epoch yet. After a crash it may have epochs that are done again.
    past = [r for r in listed(run.history) if (get_number(r, "epoch") or 0) < epoch]
    tell(run, [*past, metrics])


@hookimpl
def lvmctl_after_run(run: Any, result: dict[str, Any]) -> None:
    # A kill rule ends a training before the hook of its last epoch.
    tell(run, listed(run.history))


def tell(run: Any, history: list[Any]) -> None:
    """Say what ``signals.json`` does not have yet, and write it anew where it changes."""
    path = run.path / FILE
    config = read(run.config)
    signals = signals_of(history, config.get("recipe") if isinstance(config, dict) else None)
    known, now = read(path), [asdict(signal) for signal in signals]
    if known == now:
        return
    written = known if isinstance(known, list) else []
    lines = [signal["text"] for signal in now if signal not in written]
    try:
        write_json(path, now)
    except OutputError as error:
        lines.append(f"warning: {error}")
    for line in lines:
        with suppress(OSError, ValueError):  # nobody reads stderr: the training goes on
            print(line, file=sys.stderr, flush=True)


def read(path: Path) -> Any:
    """The JSON at ``path``, None where there is none that can be read."""
    try:
        return read_json(path)
    except LvmctlError:
        return None


def listed(path: Path) -> list[Any]:
    """The list at ``path``, empty where there is none."""
    value = read(path)
    return value if isinstance(value, list) else []
