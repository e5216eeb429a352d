"""A process that has run the commands once, and forks itself for each fault.

What a command imports late, and which plugins are installed, it knows from then on: a command costs
what it does, not what it takes to start.
"""

from __future__ import annotations

import itertools
import os
import shlex
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from functools import cache
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from threading import Lock, Thread
from typing import Any

import forked
from faults.scene import COMMANDS, FAULTS, READERS, SCENE, texts


def is_possible() -> bool:
    """Whether this system can fork such processes and wait for them."""
    return forked.is_possible() and hasattr(os, "pidfd_open")


class Server:
    """Such a process; several threads may ask it at once."""

    def __init__(self) -> None:
        self._connection, theirs = Pipe()
        self._process = forked.start(_serve, theirs, daemon=True)
        theirs.close()
        self._numbers, self._lock = itertools.count(), Lock()
        self._codes: dict[int, Future[int]] = {}
        Thread(target=self._receive, daemon=True).start()

    def exit_code(self, task: Callable[..., object], *arguments: Any, timeout: float) -> int:
        """Run a function in a process of its own: its exit code, negative for a signal, and
        -SIGALRM where it took longer than ``timeout`` seconds."""
        with self._lock:
            number = next(self._numbers)
            code = self._codes[number] = Future()
            self._connection.send((number, task, arguments, timeout))
        return code.result()

    def _receive(self) -> None:
        with suppress(EOFError, OSError):
            while True:
                number, code = self._connection.recv()
                self._codes.pop(number).set_result(code)


@cache
def server() -> Server:
    """The one of this process."""
    return Server()


def _serve(connection: Connection) -> None:
    with tempfile.TemporaryDirectory() as directory:
        _warm_up(Path(directory))
    running: dict[int, tuple[int, int, float]] = {}  # descriptor: request, process, deadline
    while True:
        for ready in wait([connection, *running], timeout=1):
            if ready is connection:
                try:
                    number, task, arguments, timeout = connection.recv()
                except EOFError:  # the tests have ended
                    return
                child = os.fork()
                if child == 0:
                    connection.close()
                    _child(task, arguments)
                running[os.pidfd_open(child)] = number, child, time.monotonic() + timeout
            else:
                number, child, deadline = running.pop(ready)
                os.close(ready)
                code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
                late = time.monotonic() > deadline
                connection.send((number, -signal.SIGALRM if late else code))
        for _, child, deadline in running.values():
            if time.monotonic() > deadline:
                os.kill(child, signal.SIGKILL)


def _child(task: Callable[..., object], arguments: tuple) -> None:
    try:
        task(*arguments)
    except BaseException:
        traceback.print_exc()
        os._exit(99)
    os._exit(0)


def _warm_up(place: Path) -> None:
    from lvmctl.cli.main import run
    from lvmctl.registry import find

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
