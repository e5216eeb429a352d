"""Trials in processes of their own: some at a time, output shown, stopped by a signal."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import dataclass
from types import FrameType
from typing import Any

from lvmctl.training.interrupts import SIGNALS

POLL = 0.1
"""Seconds between two looks at signals: one that reaches another thread does not wake the main."""

THREADS = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
"""What torch and NumPy read."""


@dataclass(frozen=True)
class Ended:
    """How a trial's process ended.

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
    lives. What it says on stderr is reported with its name before each line. It leads a process
    group, so that a Ctrl-C reaches it once, through this process.

    Args:
        command: the program that reads a task, and its arguments.
        begins: called with the name of a task that is started.
        ends: called with a name and how its process ended, never beside another call.
        info: called with what a process says, a line at a time.

    Attributes:
        received: the first signal that came while tasks ran, None without one.
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
        self.broken = False
        self.running: set[subprocess.Popen] = set()
        self.to_signal: set[subprocess.Popen] = set()
        self.turn = threading.Lock()

    def run(self, tasks: Mapping[str, Any]) -> int | None:
        """Run tasks by name, one after another, until all have ended.

        A signal is passed on to all that run, and nothing more is started; a second SIGINT kills
        them. When a callback raises, those that run lose their parent's end of stdin and save.

        Returns:
            The signal that came, None without one.
        """
        before = self._handle_signals()
        try:
            with ThreadPoolExecutor(self.jobs) as executor:
                waiting = {executor.submit(self._run, *task) for task in tasks.items()}
                try:
                    while waiting:
                        done, waiting = wait(waiting, POLL, FIRST_COMPLETED)
                        for future in done:
                            future.result()
                except BaseException:
                    self.broken = True
                    for process in list(self.running):
                        process.stdin.close()
                    raise
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)
        return self.received

    def _run(self, name: str, task: Any) -> None:
        if self.broken or self.received is not None:
            return
        self._report(self.begins, name)
        begin = time.monotonic()
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
        self.running.add(process)
        self.to_signal.add(process)
        if self.received is not None:  # it came meanwhile
            self._pass_on(process)
        if self.broken:
            process.stdin.close()
        with suppress(OSError, ValueError):  # it has ended, or is to end: its exit code says how
            process.stdin.write(f"{json.dumps(task)}\n")
            process.stdin.flush()
        error = None
        for line in process.stderr:
            line = line.rstrip("\n")
            if line.startswith("error: "):
                error = line.removeprefix("error: ")
            with suppress(OSError, ValueError):  # nobody reads any more: the training goes on
                self.info(f"{name} | {line}")
        code = process.wait()
        self.running.discard(process)
        self.to_signal.discard(process)
        with suppress(OSError):
            process.stdin.close()
        self._report(self.ends, name, Ended(code, error, time.monotonic() - begin))

    def _report(self, callback: Callable[..., None], *arguments: Any) -> None:
        """Call back, one at a time; when that raises, no more tasks begin."""
        with self.turn:
            try:
                callback(*arguments)
            except BaseException:
                self.broken = True
                raise

    def _handle_signals(self) -> dict[int, Any]:
        """Receive what ends a training; what handled it before. A background job stays deaf."""
        if threading.current_thread() is not threading.main_thread():
            return {}
        heard = [number for number in SIGNALS if signal.getsignal(number) != signal.SIG_IGN]
        return {number: signal.signal(number, self._receive) for number in heard}

    def _receive(self, number: int, _: FrameType | None) -> None:
        self.interrupts += number == signal.SIGINT
        self.received = self.received or number
        for process in list(self.running):
            if self.interrupts > 1:
                process.kill()
            else:
                self._pass_on(process)

    def _pass_on(self, process: subprocess.Popen) -> None:
        """Signal a process once, whichever thread comes first."""
        with suppress(KeyError):
            self.to_signal.remove(process)
            process.send_signal(self.received)
