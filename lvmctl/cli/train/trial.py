"""A trial of a sweep in a process of its own: its task, and the program that trains it.

The task comes as a line of JSON on stdin. Only a task that is sent to a child costs a child that
is killed: the sweep and its other trials go on.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import threading
from contextlib import redirect_stdout
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from lvmctl import registry
from lvmctl.cli.exit_codes import TERMINATED, report
from lvmctl.cli.process import open_streams, prepare_torch, settle_streams, unwinding
from lvmctl.cli.reporter import VERBOSE, TerminalReporter

if TYPE_CHECKING:
    from lvmctl.training.sweep.trials import Trial

START = "from lvmctl.__main__ import main; main('lvmctl.cli.train.trial')"
COMMAND = [sys.executable, "-P", "-c", START]
"""Nothing of the working directory is imported."""


def task_of(trial: Trial, verbose: bool, debug: bool) -> dict[str, Any]:
    """What a child needs to know to train a trial, or to go on with it, as plain data."""
    return {
        "argv": sys.argv,
        "plugins": registry.settings(),
        "debug": debug,
        "verbose": verbose,
        "resume": trial.state == "begun",
        "request": asdict(trial.request) | {"out": str(trial.path)},
    }


def main() -> NoReturn:
    """Train the trial of the task on stdin; exit as ``lvmctl train`` does."""
    prepare_torch()
    open_streams()
    line = sys.stdin.readline()
    if not line:
        sys.exit(TERMINATED)
    end_with_parent()
    task = json.loads(line)
    try:
        # What a plugin prints is a message.
        with unwinding(), redirect_stdout(sys.stderr):
            train(task)
        code = 0
    except BaseException as error:
        code = report(error, task["debug"])
    settle_streams()
    sys.exit(code)


def train(task: dict[str, Any]) -> None:
    """Start or continue the training of a task."""
    from lvmctl.training import job
    from lvmctl.training.request import TrainRequest

    sys.argv = task["argv"]  # recorded in the run's manifest
    registry.configure(**task["plugins"])
    reporter = TerminalReporter(VERBOSE if task["verbose"] else 0)
    request = TrainRequest(**task["request"] | {"out": Path(task["request"]["out"])})
    if not task["resume"]:
        job.start(request, reporter)
        return
    moved = request.sources if any(request.sources.values()) else None
    job.resume(request.out, (), "auto", reporter, sources=moved)


def end_with_parent() -> None:
    """Save and end as after a SIGTERM when the process that started this one is gone.

    It holds the other end of this process's stdin, which closes however it ends.
    """

    def watch() -> None:
        while os.read(sys.__stdin__.fileno(), 1):
            pass
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, daemon=True).start()


if __name__ == "__main__":
    main()
