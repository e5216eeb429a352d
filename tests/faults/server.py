"""A process that has run the commands once, and forks itself for each fault.

What a command imports late, and which plugins are installed, it knows from then on: a command costs
what it does, not what it takes to start.
"""

from __future__ import annotations

import os
import select
import shlex
import shutil
import signal
import sys
import tempfile
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from multiprocessing.connection import Connection, Pipe
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

import forked
from faults.scene import COMMANDS, FAULTS, READERS, SCENE, texts


def is_possible() -> bool:
    """Whether this system can fork such processes and wait for them."""
    return forked.is_possible() and hasattr(os, "pidfd_open")


class Server:
    """One such process; it does one thing at a time."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        self._process = forked.start(_serve, theirs, daemon=True)
        theirs.close()

    def exit_code(self, task: Callable[..., object], *arguments: Any, timeout: float) -> int:
        """Run a function in a process of its own: its exit code, negative for a signal, and
        -SIGALRM where it took longer than ``timeout`` seconds."""
        self._connection.send((task, arguments, timeout))
        return self._connection.recv()


_idle: SimpleQueue[Server] = SimpleQueue()


@contextmanager
def taken() -> Iterator[Server]:
    """A server that nobody else uses: an idle one, else a new one."""
    try:
        server = _idle.get_nowait()
    except Empty:
        server = Server()
    yield server
    _idle.put(server)


def _serve(connection: Connection) -> None:
    with tempfile.TemporaryDirectory() as directory:
        _warm_up(Path(directory))
    with suppress(EOFError):  # the tests have ended
        while True:
            task, arguments, timeout = connection.recv()
            child = os.fork()
            if child == 0:
                connection.close()
                _child(task, arguments)
            connection.send(_wait(child, timeout))


def _child(task: Callable[..., object], arguments: tuple) -> None:
    try:
        task(*arguments)
    except BaseException:
        traceback.print_exc()
        os._exit(99)
    os._exit(0)


def _wait(child: int, timeout: float) -> int:
    handle = os.pidfd_open(child)
    ended = bool(select.select([handle], [], [], timeout)[0])
    os.close(handle)
    if not ended:
        os.kill(child, signal.SIGKILL)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return status if ended else -signal.SIGALRM


def _warm_up(place: Path) -> None:
    from lvmctl.cli.main import run
    from lvmctl.evaluation.fivecat import latency
    from lvmctl.registry import find

    latency.BLOCKS = {1: (6, 2), 256: (6, 1)}
    origins = find.find()
    find.find = lambda: list(origins)
    os.chdir(place)
    texts(place)
    streams = sys.stdout, sys.stderr
    readers = (line for lines in READERS.values() for line in lines)
    with open(os.devnull, "w") as nowhere:
        sys.stdout = sys.stderr = nowhere
        lines = (*SCENE, *readers, *(line for line, _ in COMMANDS.values()))
        for line in lines if FAULTS > 1 else ():  # a few faults are tried sooner without
            run(shlex.split(line))
            shutil.rmtree("new", ignore_errors=True)
        sys.stdout, sys.stderr = streams
    os.chdir("/")
