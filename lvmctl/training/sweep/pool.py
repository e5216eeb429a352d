"""Trainings in processes of their own: some at a time, heard, and told to save when it is time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

POLL = 0.05
THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What torch and NumPy read."""


@dataclass(frozen=True)
class Ended:
    """How a process ended.

    Attributes:
        code: exit code, negative for a signal that killed it.
        error: its last line that says ``error:``, without that word.
        seconds: how long it ran.
    """

    code: int
    error: str | None
    seconds: float

    @property
    def exit_code(self) -> int:
        """As the command line's contract has it: a process that was killed ran out of memory."""
        if self.code in (-signal.SIGINT, -signal.SIGTERM):
            return 128 - self.code
        if self.code == -signal.SIGKILL:
            return 6
        return 70 if self.code < 0 else self.code


def cores() -> int:
    """Processors this process may use."""
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def environment(jobs: int) -> dict[str, str]:
    """This process's environment, with the threads of one of ``jobs`` processes.

    One process alone computes as it would without a grid. What the user has set is a bound.
    """
    found = dict(os.environ)
    if jobs > 1:
        share = max(1, cores() // jobs)
        for name in THREADS:
            own = found.get(name, "")
            found[name] = str(min(share, int(own)) if own.isdecimal() and int(own) else share)
    return found


class Signals:
    """While held, counts SIGINT and SIGTERM instead of ending the process."""

    def __init__(self) -> None:
        self.first: int | None = None
        self.interrupts = 0
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Signals:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) != signal.SIG_IGN:  # a background job stays deaf
                    self._before[number] = signal.signal(number, self._receive)
        return self

    def __exit__(self, *_: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.interrupts += number == signal.SIGINT
        self.first = self.first or number


class Worker:
    """One child process, whose lines on stderr are said with its name before them.

    It leads a process group, so that a Ctrl-C reaches it once, through its parent. Its stdin
    closes when its parent is gone, however that ended.
    """

    def __init__(
        self, name: str, words: Sequence[str], env: Mapping[str, str], say: Callable[[str], None]
    ) -> None:
        self.name, self.say = name, say
        self.error: str | None = None
        self.begin = time.monotonic()
        self.process = subprocess.Popen(
            words,
            env=dict(env),
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            process_group=0,
        )
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self) -> None:
        for line in self.process.stderr:
            line = line.rstrip("\n")
            if line.startswith("error: "):
                self.error = line.removeprefix("error: ")
            with suppress(OSError, ValueError):  # nobody reads any more: the training goes on
                self.say(f"{self.name} | {line}")

    def ended(self) -> Ended | None:
        """How it ended, None while it runs."""
        code = self.process.poll()
        if code is None:
            return None
        self.reader.join(timeout=5)
        self.process.stdin.close()
        return Ended(code, self.error, time.monotonic() - self.begin)


def work(
    tasks: Mapping[str, Sequence[str]],
    jobs: int,
    begins: Callable[[str], None],
    ends: Callable[[str, Ended], None],
    say: Callable[[str], None],
) -> int | None:
    """Run ``tasks``, the words after ``lvmctl`` by name, at most ``jobs`` at a time.

    A signal is passed on to all that run, and nothing more is started; a second SIGINT kills them.

    Returns:
        The signal that came, None without one.
    """
    waiting, working, env = list(tasks), dict[str, Worker](), environment(jobs)
    passed = killed = False
    with Signals() as signals:
        try:
            while working or (waiting and signals.first is None):
                while waiting and len(working) < jobs and signals.first is None:
                    name = waiting.pop(0)
                    begins(name)
                    words = [sys.executable, "-m", "lvmctl", *tasks[name]]
                    working[name] = Worker(name, words, env, say)
                if signals.first is not None and not passed:
                    passed = True
                    for worker in working.values():
                        worker.process.send_signal(signals.first)
                if signals.interrupts > 1 and not killed:
                    killed = True
                    for worker in working.values():
                        worker.process.kill()
                for name, worker in list(working.items()):
                    if (how := worker.ended()) is not None:
                        del working[name]
                        ends(name, how)
                time.sleep(POLL)
        finally:
            for worker in working.values():  # something broke here: they save and end
                with suppress(OSError):
                    worker.process.stdin.close()
    return signals.first
