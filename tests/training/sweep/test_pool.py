"""Processes that are heard, counted, and told to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading

import pytest

from lvmctl.training.sweep import pool
from lvmctl.training.sweep.pool import Ended, WorkerPool, cores, environment

PROGRAM = [sys.executable, "-c", "import json, sys; exec(json.loads(sys.stdin.readline()))"]
"""Runs a task that is the text of a program."""

WAIT = "import pathlib, time\nwhile not pathlib.Path({path!r}).exists(): time.sleep(0.01)"
SLEEP = "import time; print('up', file=sys.stderr, flush=True); time.sleep(600)"


@pytest.fixture
def heard():
    """What a pool reported: lines, begins and ends in their order."""

    class Heard(list):
        info = list.append

        def begins(self, name):
            self.append(("begins", name))

        def ends(self, name, ended):
            self.append(("ends", name, ended.code, ended.error))

        def run(self, tasks, jobs=1):
            return WorkerPool(PROGRAM, jobs, self.begins, self.ends, self.info).run(tasks)

    return Heard()


def test_one_after_another_and_a_failure_stops_nothing(heard):
    script = "print('hear', file=sys.stderr); print('not this')"
    fails = "sys.stderr.write('error: no luck; try again\\n'); sys.exit(5)"
    assert heard.run({"a": script, "b": fails, "c": "pass"}) is None
    assert heard == [
        ("begins", "a"), "a | hear", ("ends", "a", 0, None),
        ("begins", "b"), "b | error: no luck; try again", ("ends", "b", 5, "no luck; try again"),
        ("begins", "c"), ("ends", "c", 0, None),
    ]  # fmt: skip


def test_a_process_that_is_killed_costs_itself_alone(heard):
    assert heard.run({"a": "import os; os.kill(os.getpid(), 9)", "b": "pass"}) is None
    assert [what for what in heard if what[0] == "ends"] == [
        ("ends", "a", -signal.SIGKILL, None),
        ("ends", "b", 0, None),
    ]


def test_no_more_at_a_time_than_jobs(heard, tmp_path):
    """Each of the first two waits until both are there, so both run at once."""
    meet = (
        "import pathlib, time\n"
        f"here = pathlib.Path({str(tmp_path)!r})\n"
        "(here / str(time.time_ns())).touch()\n"
        "while len(list(here.iterdir())) < 2: time.sleep(0.01)\n"
    )
    heard.run(dict.fromkeys("abcd", meet), jobs=2)
    running, most = 0, 0
    for kind, *_ in heard:
        running += 1 if kind == "begins" else -1
        most = max(most, running)
    assert most == 2


def test_processes_share_the_threads(heard, monkeypatch):
    monkeypatch.setattr(pool, "cores", lambda: 8)
    for name in pool.THREADS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "1")
    show = f"import os; print(*map(os.environ.get, {pool.THREADS!r}), file=sys.stderr)"
    heard.run({"a": show}, jobs=3)
    assert "a | 2 1 2" in heard
    heard.clear()
    heard.run({"a": show}, jobs=1)
    assert "a | None 1 None" in heard


def test_threads_are_at_least_one(monkeypatch):
    monkeypatch.setattr(pool, "cores", lambda: 2)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert environment(5)["OMP_NUM_THREADS"] == "1"
    assert cores() >= 1


@pytest.mark.parametrize(
    ("code", "exit_code"), [(0, 0), (5, 5), (130, 130), (-2, 130), (-15, 143), (-9, 6), (-11, 70)]
)
def test_how_a_process_ended_as_an_exit_code(code, exit_code):
    assert Ended(code, None, 1.0).exit_code == exit_code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on_and_nothing_more_is_started(heard, number):
    up = []

    def info(line):
        up.append(line)
        if line.endswith("| up") and len(up) == 2:
            os.kill(os.getpid(), number)

    heard.info = info
    assert heard.run({"a": SLEEP, "b": SLEEP, "c": "pass"}, jobs=2) == number
    ended = [what for what in heard if what[0] == "ends"]
    # Python ends with KeyboardInterrupt, which kills it by the same signal.
    assert sorted(what[1:3] for what in ended) == [("a", -number), ("b", -number)]
    assert ("begins", "c") not in heard


def test_a_second_interrupt_kills_what_does_not_end(heard):
    deaf = "import signal, time; signal.signal(2, lambda *_: print('no', file=sys.stderr))\n"
    deaf += "print('deaf', file=sys.stderr)\nwhile True: time.sleep(600)"
    heard.info = lambda line: os.kill(os.getpid(), signal.SIGINT)  # once for `deaf`, once for `no`
    assert heard.run({"a": deaf}) == signal.SIGINT
    assert heard[-1][2] == -signal.SIGKILL


def test_each_process_is_signalled_once(heard):
    count = "import signal, time; signal.signal(15, lambda *_: print('got', file=sys.stderr))\n"
    count += "print('up', file=sys.stderr)\nsys.stdin.read()"
    lines = []

    def info(line):
        lines.append(line)
        if line == "a | up":
            os.kill(os.getpid(), signal.SIGTERM)
        if line == "a | got":
            os.kill(os.getpid(), signal.SIGTERM)
            threads.running["a"].stdin.close()

    threads = WorkerPool(PROGRAM, 1, heard.begins, heard.ends, info)
    assert threads.run({"a": count}) == signal.SIGTERM
    assert lines.count("a | got") == 1


def test_a_ctrl_c_reaches_a_process_once(heard):
    """The terminal sends it to the parent's group: a process that were in it would get two."""
    heard.run({"a": "import os; print(os.getpgrp() == os.getpid(), file=sys.stderr)"})
    assert "a | True" in heard


@pytest.fixture
def broken(heard):
    """A callback that raises."""

    def ends(name, ended):
        raise OSError("broken")

    heard.ends = ends
    return heard


def test_what_runs_is_told_to_end_when_the_pool_breaks(broken, tmp_path):
    up, end = tmp_path / "up", tmp_path / "end"
    wait = WAIT.format(path=str(up))
    run = f"open({str(up)!r}, 'w'); sys.stdin.read(); open({str(end)!r}, 'w')"
    with pytest.raises(OSError, match="broken"):
        broken.run({"a": wait, "b": run, "c": "pass"}, jobs=2)
    assert end.exists()
    assert ("begins", "c") not in broken


def test_a_training_goes_on_where_nobody_hears_it(heard):
    def info(_):
        raise BrokenPipeError

    heard.info = info
    loud = "print('x' * 200_000, file=sys.stderr); print('y', file=sys.stderr)"
    assert heard.run({"a": loud}) is None
    assert heard[-1] == ("ends", "a", 0, None)


def test_a_process_that_ends_before_it_reads_its_task(heard, monkeypatch):
    monkeypatch.setattr(sys.modules[__name__], "PROGRAM", [sys.executable, "-c", "exit(4)"])
    heard.run({"a": "x" * 1_000_000})
    assert heard == [("begins", "a"), ("ends", "a", 4, None)]


def test_handlers_are_restored_and_an_ignored_signal_stays_ignored(heard):
    before = signal.getsignal(signal.SIGTERM)
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)

    def info(_):
        os.kill(os.getpid(), signal.SIGINT)
        os.kill(os.getpid(), signal.SIGTERM)

    heard.info = info
    try:
        assert heard.run({"a": SLEEP}) == signal.SIGTERM
        assert signal.getsignal(signal.SIGTERM) == before
        assert signal.getsignal(signal.SIGINT) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, interrupt)


def test_outside_the_main_thread_signals_are_left_alone(heard):
    before = signal.getsignal(signal.SIGTERM)
    thread = threading.Thread(target=heard.run, args=({"a": "pass"},))
    thread.start()
    thread.join()
    assert heard[-1] == ("ends", "a", 0, None)
    assert signal.getsignal(signal.SIGTERM) == before


TASK = """{"argv": ["lvmctl"], "plugins": {}, "debug": false, "verbose": false, "resume": false,
"request": {"recipe": "p8", "out": "run", "sources": {}}}""".replace("\n", " ")


@pytest.mark.parametrize("sent", [TASK + "\n", ""], ids=["while it trains", "before its task"])
def test_a_trial_ends_when_its_parent_is_gone(cli_env, tmp_path, sent):
    """Its stdin closes, and the training ends as after a SIGTERM."""
    from lvmctl.cli.train.trial import COMMAND

    with subprocess.Popen(
        COMMAND, env=cli_env, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdin.write(sent)
        process.stdin.close()
        process.stderr.read()
        assert process.wait() in (143, -signal.SIGTERM)
