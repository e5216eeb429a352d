"""Processes that are heard, counted, and told to end."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pytest

from lvmctl.training.sweep import pool as crew
from lvmctl.training.sweep.pool import Ended, Signals, Worker, cores, environment, work

SLEEP = "import time; print('error: none', flush=True); time.sleep(600)"


@pytest.fixture
def python(monkeypatch):
    """Tasks are Python programs instead of lvmctl commands."""

    class Program(Worker):
        def __init__(self, name, words, env, say):
            assert words[:3] == [sys.executable, "-m", "lvmctl"]
            super().__init__(name, [sys.executable, "-c", *words[3:]], env, say)

    monkeypatch.setattr(crew, "Worker", Program)


@pytest.fixture
def heard():
    """What a crew told: lines, begins and ends in their order."""

    class Heard(list):
        def begins(self, name):
            self.append(("begins", name))

        def ends(self, name, how):
            self.append(("ends", name, how.code, how.error))

        def say(self, line):
            self.append(line)

        def work(self, tasks, jobs=1):
            words = {name: [text] for name, text in tasks.items()}
            return work(words, jobs, self.begins, self.ends, self.say)

    return Heard()


def test_one_after_another_and_a_failure_stops_nothing(python, heard):
    told = "import sys; print('hear', file=sys.stderr); print('not this')"
    fails = "import sys; sys.stderr.write('error: no luck; mend it\\n'); sys.exit(5)"
    assert heard.work({"a": told, "b": fails, "c": "pass"}) is None
    assert heard == [
        ("begins", "a"), "a | hear", ("ends", "a", 0, None),
        ("begins", "b"), "b | error: no luck; mend it", ("ends", "b", 5, "no luck; mend it"),
        ("begins", "c"), ("ends", "c", 0, None),
    ]  # fmt: skip


def test_no_more_at_a_time_than_jobs(python, heard):
    heard.work(dict.fromkeys("abcd", "import time; time.sleep(.2)"), jobs=2)
    running, most = 0, 0
    for kind, *_ in heard:
        running += 1 if kind == "begins" else -1
        most = max(most, running)
    assert most == 2


def test_processes_share_the_threads(python, heard, monkeypatch):
    monkeypatch.setattr(crew, "cores", lambda: 8)
    for name in crew.THREADS:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("MKL_NUM_THREADS", "1")
    show = "import os, sys; print(*map(os.environ.get, sys.argv[1:]), file=sys.stderr)"
    show = show.replace("sys.argv[1:]", repr(crew.THREADS))
    heard.work({"a": show}, jobs=3)
    assert "a | 2 1 2" in heard
    heard.clear()
    heard.work({"a": show}, jobs=1)
    assert "a | None 1 None" in heard


def test_threads_are_at_least_one(monkeypatch):
    monkeypatch.setattr(crew, "cores", lambda: 2)
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    assert environment(5)["OMP_NUM_THREADS"] == "1"
    assert cores() >= 1


@pytest.mark.parametrize(
    ("code", "exit_code"), [(0, 0), (5, 5), (130, 130), (-2, 130), (-15, 143), (-9, 6), (-11, 70)]
)
def test_how_a_process_ended_as_an_exit_code(code, exit_code):
    assert Ended(code, None, 1.0).exit_code == exit_code


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_is_passed_on_and_nothing_more_is_started(python, heard, number):
    begin = time.monotonic()
    threading.Timer(0.5, os.kill, (os.getpid(), number)).start()
    assert heard.work({"a": SLEEP, "b": SLEEP, "c": "pass"}, jobs=2) == number
    assert time.monotonic() - begin < 5
    ended = [what for what in heard if what[0] == "ends"]
    # Python ends with KeyboardInterrupt, which kills it by the same signal.
    assert sorted(what[1:3] for what in ended) == [("a", -number), ("b", -number)]
    assert ("begins", "c") not in heard


def test_a_second_interrupt_kills_what_does_not_end(python, heard):
    deaf = "import signal, sys, time; signal.signal(2, signal.SIG_IGN)\n"
    deaf += "print('deaf', file=sys.stderr); time.sleep(600)"

    def say(_):
        for seconds in (0.01, 0.3):
            threading.Timer(seconds, os.kill, (os.getpid(), signal.SIGINT)).start()

    assert work({"a": [deaf]}, 1, heard.begins, heard.ends, say) == signal.SIGINT
    assert heard[-1][2] == -signal.SIGKILL


def test_a_ctrl_c_reaches_a_process_once(python, heard):
    """The terminal sends it to the parent's group: a process that were in it would get two."""
    heard.work({"a": "import os, sys; print(os.getpgrp() == os.getpid(), file=sys.stderr)"})
    assert "a | True" in heard


def test_what_runs_is_told_to_end_when_the_crew_breaks(python, heard, tmp_path):
    waits = f"import sys; sys.stdin.read(); open({str(tmp_path / 'end')!r}, 'w')"

    def ends(name, how):
        raise OSError("broken")

    with pytest.raises(OSError, match="broken"):
        work({"a": [waits], "b": ["pass"]}, 2, heard.begins, ends, heard.say)
    for _ in range(200):
        if (tmp_path / "end").exists():
            return
        time.sleep(0.05)
    pytest.fail("it still waits")


def test_a_training_goes_on_where_nobody_hears_it(python, heard):
    def say(_):
        raise BrokenPipeError

    loud = "import sys; print('x' * 200_000, file=sys.stderr); print('y', file=sys.stderr)"
    assert work({"a": [loud]}, 1, heard.begins, heard.ends, say) is None
    assert heard[-1] == ("ends", "a", 0, None)


def test_handlers_are_put_back_and_an_ignored_signal_stays_ignored():
    before = signal.getsignal(signal.SIGTERM)
    interrupt = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        with Signals() as signals:
            os.kill(os.getpid(), signal.SIGTERM)
            os.kill(os.getpid(), signal.SIGINT)
            assert (signals.first, signals.interrupts) == (signal.SIGTERM, 0)
        assert signal.getsignal(signal.SIGTERM) == before
    finally:
        signal.signal(signal.SIGINT, interrupt)


def test_a_process_knows_when_its_parent_is_gone(cli_env, tmp_path):
    """``--tied``: stdin closes, and the training ends as after a SIGTERM."""
    words = [sys.executable, "-m", "lvmctl", "train", "--plugin", "p8", "--tied"]
    with subprocess.Popen(
        words, env=cli_env, cwd=tmp_path, stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdin.close()
        assert process.wait(30) == 143
