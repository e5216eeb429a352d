"""Trials in processes of their own: some at a time, output shown, stopped by a signal."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

from lvmctl.training.interrupts import SIGNALS

POLL = 0.1
"""Seconds between two looks at signals."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What torch and NumPy read."""


@dataclass(frozen=True)
class Ended:
    """How a trial's process ended: its exit code (negative for a signal that killed it), its last
    line that says ``error:``, without that word, and how long it ran."""

    code: int
    error: str | None
    seconds: float

    @property
    def exit_code(self) -> int:
        """As the command line's contract has it: a process that was killed ran out of memory."""
        if -self.code in SIGNALS:
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

    One process alone computes as it would without a sweep. What the user has set is a bound.
    """
    variables = dict(os.environ)
    if jobs > 1:
        share = max(1, cores() // jobs)
        for name in THREADS:
            bound = variables.get(name, "")
            is_set = bound.isdecimal() and int(bound)
            variables[name] = str(min(share, int(bound)) if is_set else share)
    return variables


class WorkerPool:
    """Runs each task in a child process, at most ``jobs`` at a time.

    A child gets its task as a line of JSON on stdin, which stays open as long as this process
    lives. What it says on stderr is given to ``info`` with its name before each line. It leads a
    process group, so that a Ctrl-C reaches it once, through this process. ``begins`` and ``ends``
    are called with the names of tasks, never beside each other.

    ``received`` is the first signal that came while tasks ran, None without one.
    """

    def __init__(
        self,
        command: Sequence[str],
        jobs: int,
        begins: Callable[[str], None],
        ends: Callable[[str, Ended], None],
        info: Callable[[str], None],
    ) -> None:
        self.command, self.jobs, self.env = command, jobs, environment(jobs)
        self.begins, self.ends, self.info = begins, ends, info
        self.received: int | None = None
        self.interrupts = 0
        self.passed_on = False
        self.running: dict[str, subprocess.Popen] = {}
        self.heard: queue.Queue[tuple[str, str | Ended]] = queue.Queue()

    def run(self, tasks: Mapping[str, Any]) -> int | None:
        """Run tasks by name until all have ended; the signal that came, None without one.

        A signal is passed on to all that run, and nothing more is started; a second SIGINT kills
        them. When a callback raises, those that run lose their parent's end of stdin and save.
        """
        waiting, before = list(tasks.items()), self._handle_signals()
        try:
            while self.running or (waiting and self.received is None):
                while waiting and len(self.running) < self.jobs and self.received is None:
                    self._start(*waiting.pop(0))
                self._hear()
        except BaseException:
            for process in self.running.values():
                process.stdin.close()
            while self.running:
                with suppress(Exception):
                    self._hear()
            raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return self.received

    def _start(self, name: str, task: Any) -> None:
        self.begins(name)
        own_group = {"process_group": 0} if os.name == "posix" else {}
        process = subprocess.Popen(
            self.command,
            env=self.env,
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            **own_group,
        )
        self.running[name] = process
        threading.Thread(target=self._listen, args=(name, process), daemon=True).start()
        with suppress(OSError, ValueError):  # it has ended: its exit code says how
            process.stdin.write(f"{json.dumps(task)}\n")
            process.stdin.flush()

    def _listen(self, name: str, process: subprocess.Popen) -> None:
        """Queue each line that a process says, then how it ended."""
        begin, error = time.monotonic(), None
        for line in process.stderr:
            line = line.rstrip("\n")
            if line.startswith("error: "):
                error = line.removeprefix("error: ")
            self.heard.put((name, line))
        self.heard.put((name, Ended(process.wait(), error, time.monotonic() - begin)))

    def _hear(self) -> None:
        """Pass on a signal that came, and report what is said next, if it is soon."""
        self._pass_on()
        try:
            name, said = self.heard.get(timeout=POLL)
        except queue.Empty:
            return
        if isinstance(said, Ended):
            with suppress(OSError):
                self.running.pop(name).stdin.close()
            self.ends(name, said)
        else:
            with suppress(OSError, ValueError):  # nobody reads any more: the training goes on
                self.info(f"{name} | {said}")

    def _pass_on(self) -> None:
        """Signal all that run, once; kill them after a second SIGINT."""
        received = self.received
        for process in self.running.values():
            if self.interrupts > 1:
                process.kill()
            elif received is not None and not self.passed_on:
                process.send_signal(received)
        self.passed_on = received is not None

    def _handle_signals(self) -> dict[int, Any]:
        """Receive what ends a training; what handled it before. A background job stays deaf."""
        if threading.current_thread() is not threading.main_thread():
            return {}
        heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
        return {number: signal.signal(number, self._receive) for number in heard}

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.interrupts += number == signal.SIGINT
        self.received = self.received or number
