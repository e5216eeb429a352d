"""Processes forked from a server that has imported torch: one costs milliseconds, not seconds."""

from __future__ import annotations

import multiprocessing
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from functools import cache
from multiprocessing import forkserver
from pathlib import Path
from typing import Any

import launched
import pytest

LOADED = ("lvmctl_p8.model", "warm")
"""What the server imports: lvmctl and torch, NumPy and hypothesis with it."""

TESTS = str(Path(__file__).parent)
PATH = [place for place in sys.path if place not in ("", TESTS)]
"""Where a process imports from, without what tests put before it."""


@cache
def _server() -> multiprocessing.context.BaseContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(list(LOADED))
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", TESTS)  # for the modules that it loads
        forkserver.ensure_running()
    return context


def is_possible() -> bool:
    """Whether this system can fork such processes."""
    return "forkserver" in multiprocessing.get_all_start_methods()


def start(
    task: Callable[..., object], *arguments: Any, daemon: bool = False
) -> multiprocessing.process.BaseProcess:
    """Run a function in a process of its own; a ``daemon`` ends with this one."""
    process = _server().Process(target=_run, args=(task, arguments), daemon=daemon)
    process.start()
    return process


@cache
def python() -> str:
    """The executable of :mod:`launched`, which starts processes of this server; where the system
    cannot fork them, the interpreter."""
    if not is_possible() or not launched.is_possible():
        return sys.executable
    return launched.python(lambda address: start(launched.serve, address, PATH, daemon=True))


def exit_code(task: Callable[..., object], *arguments: Any, timeout: float = 600) -> int:
    """Run a function in a process of its own: its exit code, negative for a signal.

    Raises:
        TimeoutExpired: it took longer than ``timeout`` seconds; it is killed.
    """
    process = start(task, *arguments)
    process.join(timeout)
    if process.exitcode is None:
        process.kill()
        raise subprocess.TimeoutExpired(task.__name__, timeout)
    return process.exitcode


def _run(task: Callable[..., object], arguments: tuple) -> None:
    import torch

    torch.set_num_threads(1)
    task(*arguments)


def lvmctl(
    args: Iterable[str],
    cwd: Path,
    environment: Mapping[str, str],
    streams: Path,
    timeout: float = 600,
) -> subprocess.CompletedProcess[str]:
    """Run a command line of lvmctl as ``python -m lvmctl`` would.

    Args:
        environment: all of it; ``PYTHONPATH`` is where it imports from first.
        streams: a directory for what it prints.
    """
    args, out, err = list(args), streams / "stdout", streams / "stderr"
    code = exit_code(_main, args, cwd, dict(environment), out, err, timeout=timeout)
    return subprocess.CompletedProcess(args, code, out.read_text("utf-8"), err.read_text("utf-8"))


@contextmanager
def meeting(count: int) -> Iterator[dict[str, str]]:
    """What torchrun puts into the environment of ``count`` processes, but for their ranks."""
    from torch.distributed import TCPStore

    store = TCPStore("127.0.0.1", 0, is_master=True, wait_for_workers=False)
    yield {
        "WORLD_SIZE": str(count),
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(store.port),
        "TORCHELASTIC_USE_AGENT_STORE": "True",
        "GLOO_SOCKET_IFNAME": "lo",
    }


def torchrun(
    args: Iterable[str],
    cwd: Path,
    environment: Mapping[str, str],
    streams: Path,
    count: int = 2,
    timeout: float = 120,
) -> list[subprocess.CompletedProcess[str]]:
    """Run a command line of lvmctl in ``count`` processes at once, as torchrun starts them."""
    places = [streams / str(rank) for rank in range(count)]
    for place in places:
        place.mkdir(parents=True)
    with meeting(count) as job, ThreadPoolExecutor(count) as pool:
        runs = [
            pool.submit(
                lvmctl, args, cwd, {**environment, **job, "RANK": str(rank)}, place, timeout
            )
            for rank, place in enumerate(places)
        ]
        return [run.result() for run in runs]


def _main(args: list[str], cwd: Path, environment: dict[str, str], out: Path, err: Path) -> None:
    for number, path in ((1, out), (2, err)):
        file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(file, number)
        os.close(file)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    first = environment.get("PYTHONPATH", "").split(os.pathsep)
    sys.path[:] = [str(cwd), *filter(None, first), *PATH]
    sys.argv = ["lvmctl", *args]
    from lvmctl.cli.main import main

    main()
