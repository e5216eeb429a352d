"""Work that pages start: each in a process, with its progress, its result and its end."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import count
from threading import Lock, Thread
from typing import Any

RUNNING, FINISHED, FAILED, CANCELLED = "running", "finished", "failed", "cancelled"

MAX_RUNNING = 2
MAX_KEPT = 50
MAX_MESSAGES = 100


class Busy(Exception):
    """As much work is under way as may be."""


@dataclass
class Job:
    """One piece of work.

    Attributes:
        number: what it is found by.
        kind: ``compare``, ``diagnose`` or ``report``.
        title: what it does, for a reader.
        process: where it is done.
        state: running, finished, failed or cancelled.
        stage, done, total: what it is at, and how far; None where that is not known.
        messages: what it said.
        result: what it found, as plain data; None before it is finished.
        error: why it failed, one line.
        version: grows with every change.
    """

    number: int
    kind: str
    title: str
    process: subprocess.Popen[str]
    state: str = RUNNING
    stage: str = "starting"
    done: int = 0
    total: int | None = None
    messages: list[str] = field(default_factory=list)
    result: dict[str, Any] | None = None
    error: str | None = None
    version: int = 0
    started: float = field(default_factory=time.time)
    seconds: float | None = None

    def take(self, line: dict[str, Any]) -> None:
        """Keep what the process wrote."""
        if "message" in line and len(self.messages) < MAX_MESSAGES:
            self.messages.append(line["message"])
        if "stage" in line:
            self.stage, self.done, self.total = line["stage"], line["done"], line["total"]
        self.result = line.get("result", self.result)
        self.error = line.get("error", self.error)
        if self.result is not None or self.error is not None:
            self.end()
        self.version += 1

    def end(self) -> None:
        """Say that no more comes, unless it was cancelled."""
        self.seconds = time.time() - self.started
        if self.state == RUNNING:
            self.state = FAILED if self.result is None else FINISHED

    def cancel(self) -> None:
        """End the process; what has ended stays as it is."""
        if self.state == RUNNING:
            self.state = CANCELLED
            self.version += 1
            self.process.kill()


class Jobs:
    """The work of one dashboard, the newest last."""

    def __init__(self) -> None:
        self._jobs: dict[int, Job] = {}
        self._numbers, self._lock = count(1), Lock()

    def __iter__(self) -> Iterator[Job]:
        return iter(list(self._jobs.values()))

    def get(self, number: int) -> Job | None:
        """The work of this number, None where there is none."""
        return self._jobs.get(number)

    def start(self, kind: str, title: str, asked: dict[str, Any]) -> Job:
        """Begin work in a new process.

        Args:
            kind: a name in :data:`lvmctl_dashboard.worker.WORK`.
            title: what it does, for a reader.
            asked: the arguments.

        Raises:
            Busy: :data:`MAX_RUNNING` are running.
        """
        with self._lock:
            if sum(job.state == RUNNING for job in self) >= MAX_RUNNING:
                raise Busy(f"{MAX_RUNNING} evaluations are running: wait for one or cancel it")
            process = subprocess.Popen(
                [sys.executable, "-m", "lvmctl_dashboard.worker"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
            job = Job(next(self._numbers), kind, title, process)
            self._jobs[job.number] = job
            for old in [each for each in self if each.state != RUNNING][:-MAX_KEPT]:
                del self._jobs[old.number]
        assert process.stdin is not None
        with process.stdin as stdin:
            stdin.write(json.dumps({"work": kind, **asked}))
        Thread(target=follow, args=(job,), daemon=True).start()
        return job

    def close(self) -> None:
        """End all that is running."""
        for job in self:
            job.cancel()


def follow(job: Job) -> None:
    """Take what a job writes until it ends."""
    assert job.process.stdout is not None
    for line in job.process.stdout:
        job.take(json.loads(line))
    code = job.process.wait()
    if job.state == RUNNING:
        job.take({"error": f"the process ended with {code}"})
