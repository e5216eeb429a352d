"""Several processes of one job: what they exchange, and how they end."""

from __future__ import annotations

import json
import os
import signal
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import forked
import pytest

from lvmctl import processes

pytestmark = pytest.mark.skipif(not forked.is_possible(), reason="needs fork")


@pytest.fixture
def together(tmp_path):
    """``together(task, count)``: what ``task()`` gives in each of ``count`` processes; the name of
    the exception where it ends in one, and None where it ends in none."""

    def run(task, count=2):
        with forked.meeting(count) as job, ThreadPoolExecutor(count) as pool:
            answers = [tmp_path / str(rank) for rank in range(count)]
            ends = [
                pool.submit(
                    forked.exit_code, _answer, task, job | {"RANK": str(rank)}, path, timeout=60
                )
                for rank, path in enumerate(answers)
            ]
            for end in ends:
                end.result()
        return [json.loads(p.read_text()) if p.exists() else None for p in answers]

    return run


def _answer(task, environment: dict[str, str], path: Path) -> None:
    os.environ.update(environment)
    try:
        with processes.joined():
            answer = task()
    except Exception as error:
        answer = type(error).__name__
    path.write_text(json.dumps(answer))


def exchange():
    mine = processes.rank()
    share = processes.part(7)
    return {
        "gathered": processes.gather(mine * 10),
        "first": processes.from_first(lambda: [processes.rank(), *processes.gather("alone")]),
        "second": processes.from_process(1, mine),
        "share": [share.start, share.stop],
        "size": processes.size(),
    }


def test_every_process_gets_the_values_of_all(together):
    answers = together(exchange, 3)
    shares = [answer.pop("share") for answer in answers]
    assert answers == [{"gathered": [0, 10, 20], "first": [0, "alone"], "second": 1, "size": 3}] * 3
    assert shares == [[0, 2], [2, 4], [4, 7]]


def killed():
    if processes.rank() == 1:
        os.kill(os.getpid(), signal.SIGKILL)
    processes.gather(None)


def test_a_process_that_is_killed_ends_the_others(together):
    assert together(killed) == ["ProcessError", None]


def failing():
    """Both fail, and one of them says so."""
    ends = processes.gather(processes.speaks_first())
    return sum(ends)


def test_one_process_says_why_the_job_ends(together):
    assert together(failing, 3) == [1, 1, 1]


def test_one_process_needs_no_others():
    with processes.joined():
        assert processes.gather("a") == ["a"]
        assert processes.from_first(lambda: 3) == 3
        assert processes.part(5) == slice(0, 5)
        assert processes.speaks_first()
        processes.barrier()
    assert (processes.rank(), processes.size()) == (0, 1)


@pytest.mark.parametrize("count", [1, 2, 5])
def test_shares_cover_everything_once(monkeypatch, count):
    monkeypatch.setattr(processes._job, "size", count)
    for things in (0, 1, 4, 5, 11):
        covered = []
        for rank in range(count):
            monkeypatch.setattr(processes._job, "rank", rank)
            covered += range(things)[processes.part(things)]
        assert covered == list(range(things))


def test_a_command_for_one_process_is_refused_in_one_line(tmp_path, cli_env):
    ends = forked.torchrun(["data", "info", "x"], tmp_path, cli_env, tmp_path / "streams")
    assert [end.returncode for end in ends] == [2, 2]
    assert [end.stdout for end in ends] == ["", ""]
    (line,) = [line for end in ends for line in end.stderr.splitlines()]
    assert "lvmctl data info" in line
    assert "without torchrun" in line
