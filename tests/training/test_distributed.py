"""A training that several processes share is that of one process."""

from __future__ import annotations

import itertools
import json
import os
import signal
import sys
import time
from pathlib import Path

import forked
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from training import killed, together
from training.make import make_small

from lvmctl import processes
from lvmctl.config import TrainingOptions
from lvmctl.core.batch import Prediction
from lvmctl.core.errors import PluginError, UsageError
from lvmctl.core.run_directory import RunDirectory
from lvmctl.core.tree import leaves
from lvmctl.data.sampling import step_windows, steps_per_epoch
from lvmctl.testing.text_store import text_store
from lvmctl.training import checkpoint, distributed, shareable

pytestmark = pytest.mark.skipif(not forked.is_possible(), reason="needs fork")

EPOCHS = 6


@pytest.fixture(scope="module")
def trained(tmp_path_factory, in_process) -> tuple[Path, Path]:
    """Where one process trained every recipe, and where two did."""
    place = tmp_path_factory.mktemp("shared")
    (place / "own.py").write_text(together.OWN)
    text_store(place / "texts", articles=36, chunks=14, reads=())
    assert in_process(together.train_all, place / "one") == 0
    assert together.shared(together.train_all, place / "two") == [0, 0]
    return place / "one", place / "two"


@pytest.mark.parametrize("recipe", [*together.RECIPES, "own"])
def test_two_processes_have_the_history_of_one(trained, recipe):
    one, two = (figures(root / recipe) for root in trained)
    assert len(one) > 60
    assert two == pytest.approx(one, abs=1e-5)


def figures(run: Path) -> dict[str, float]:
    """Every number of a run's history, by its path."""
    history = json.loads((run / "training_history.json").read_text())
    by_epoch = {str(record["epoch"]): record for record in history}
    return {path: value for path, value in leaves(by_epoch) if isinstance(value, int | float)}


@given(st.integers(1, 200), st.integers(1, 40), st.integers(1, 9))
def test_the_parts_of_a_batch_are_disjoint_and_are_all_of_it(windows, batch_size, size):
    order = torch.randperm(windows).numpy()
    for step in range(steps_per_epoch(windows, batch_size)):
        index = step_windows(order, batch_size, step)
        parts = [index[distributed.own_rows(len(index), rank, size)] for rank in range(size)]
        assert all(len(part) for part in parts)
        counted = [part.tolist() for rank, part in enumerate(parts) if rank < len(index)]
        assert sorted(itertools.chain(*counted)) == sorted(index.tolist())
        assert max(map(len, counted)) - min(map(len, counted)) <= 1


def gradients_of_a_share() -> None:
    """Every window's gradient and a scalar's are those of one process, whoever has the window."""
    weight = torch.arange(1.0, 4.0, dtype=torch.float64)
    for count in (1, 2, 3, 7):
        context = torch.randn(count, 3, generator=torch.Generator().manual_seed(count)).double()
        results = []
        for rows in (distributed.own_rows(count), slice(None)):
            model = torch.nn.Parameter(weight.clone())
            own = context[rows] * model
            extras = {"scale": model.sum(), "mean": own.mean(), "which": rows_of(count)[rows]}
            prediction = Prediction(q=own, weights=own.bfloat16(), extras=extras)
            if rows != slice(None):
                prediction = distributed.whole(prediction, count)
            assert torch.equal(prediction.extras["which"], rows_of(count))
            others = prediction.q @ prediction.q.T  # of every window with every other
            total = others.logsumexp(1).sum() + prediction.extras["scale"].square()
            (total + prediction.extras["mean"].square()).backward()
            gradient = model.grad
            if rows != slice(None):
                processes.sum_over_processes(gradient)
            results.append((prediction.q.detach(), prediction.weights.detach(), gradient))
        for shared, whole in zip(*results):
            torch.testing.assert_close(shared, whole, rtol=1e-6, atol=1e-6)


def rows_of(count: int) -> torch.Tensor:
    return torch.arange(count)


def test_gradients_reach_the_windows_they_belong_to():
    assert together.shared(gradients_of_a_share, size=3) == [0, 0, 0]


def draw(run: Path) -> None:
    """Dropout differs between processes; what losses draw does not."""
    training = make_small(run, dropout=0.5)
    with training.shared.own_generators():
        own = processes.gather(torch.rand(4).tolist())
    common = processes.gather(torch.rand(4).tolist())
    assert own[0] != own[1]
    assert common[0] == common[1]


def test_each_process_drops_out_for_itself(tmp_path):
    assert together.shared(draw, tmp_path / "run") == [0, 0]


def state_of(run: Path) -> dict[str, bytes]:
    """Everything that must be equal: history, best model, and the newest checkpoint."""
    newest = max((run / "checkpoints").glob("*.pt"))
    paths = (run / "training_history.json", run / "best_model.pt", newest)
    return {path.name: path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory) -> dict[str, bytes]:
    """A training with dropout by two processes, of which the first alone prints and writes."""
    place = tmp_path_factory.mktemp("whole")
    first, second = together.typed(killed.train, place, place / "run", EPOCHS, False)
    assert (first.code, second.code) == (0, 0)
    assert first.out.count("run: ") == 1
    assert first.err.count(f"epoch 1/{EPOCHS}") == 1
    assert (second.out, second.err) == ("", "")
    return state_of(place / "run")


@pytest.mark.parametrize(("rank", "phase"), [(1, "step"), (0, "validation")])
def test_a_signal_to_any_process_saves_and_as_many_go_on(tmp_path, uninterrupted, rank, phase):
    run = tmp_path / "run"
    ends = together.typed(
        together.train_until_one_is_signalled, tmp_path / "a", run, EPOCHS, rank, phase
    )
    assert [end.code for end in ends] == [143, 143]
    (line,) = errors(ends)
    assert "--resume" in line
    ends = together.typed(killed.train, tmp_path / "b", run, EPOCHS, True)
    assert [end.code for end in ends] == [0, 0]
    assert state_of(run) == uninterrupted


def errors(ends: list[together.Ended]) -> list[str]:
    """All that is said of errors."""
    return [line for end in ends for line in end.err.splitlines() if line.startswith("error")]


@pytest.mark.parametrize("rank", [0, 1])
def test_a_killed_process_ends_all_with_one_line_and_a_whole_checkpoint(tmp_path, in_process, rank):
    run = tmp_path / "run"
    ends = together.typed(together.train_until_one_is_killed, tmp_path / "a", run, EPOCHS, rank)
    assert time.time() - (tmp_path / "killed").stat().st_mtime < 30
    assert [end.code for end in ends] == [-signal.SIGKILL if i == rank else 6 for i in (0, 1)]
    (line,) = errors(ends)
    assert "another of the 2 processes" in line
    assert f"--resume {run}" in line
    state = checkpoint.load_latest(RunDirectory(run))
    assert (state["epoch"], state["index"]) == (2, 2)
    streams = tmp_path / "b"
    ended = in_process(together.printing, killed.train, {}, streams, run, EPOCHS, True)
    assert ended == 0
    assert "processes was 2 and is 1" in (streams / "err").read_text()
    history = json.loads((run / "training_history.json").read_text())
    assert [record["epoch"] for record in history] == [*range(1, EPOCHS + 1)]


def refused(kind: type[Exception], task, *arguments) -> None:
    with pytest.raises(kind):
        task(*arguments)


class Counting(torch.nn.Module):
    """Keeps a number of its windows."""

    def __init__(self, seen: float) -> None:
        super().__init__()
        self.register_buffer("seen", torch.tensor(seen))


def refusals() -> None:
    """What cannot be shared is refused in all processes."""
    place, equal = shareable.require_place, shareable.require_equal_weights
    place("cpu", TrainingOptions(batch_size=2))
    for device in ("mps", "cuda"):
        refused(UsageError, place, device, TrainingOptions())
    for wrong in ({"batch_size": 1}, {"graph": True}):
        refused(UsageError, place, "cpu", TrainingOptions(**wrong))
    equal(Counting(2.0))
    equal(Counting(float("nan")))
    refused(PluginError, equal, Counting(float(processes.rank())))


def test_what_cannot_be_shared_is_refused():
    assert together.shared(refusals) == [0, 0]


def train_on_other_data(run: Path) -> None:
    """Each process has articles of its own."""
    from lvmctl.cli.main import run as main

    data = f"synth:topic?articles=24&chunks=16&dim=16&seed={os.environ['RANK']}"
    sys.exit(main([*killed.command(run, 1, False), "--data", data]))


def test_other_data_is_refused_in_one_line_before_anything_is_written(tmp_path):
    run = tmp_path / "run"
    ends = together.typed(train_on_other_data, tmp_path / "streams", run)
    assert [end.code for end in ends] == [3, 3]
    (line,) = errors(ends)
    assert "different data" in line
    assert not run.exists()


@pytest.mark.parametrize(
    ("environment", "word"),
    [({"RANK": "0"}, "WORLD_SIZE"), ({"RANK": "1", "WORLD_SIZE": "2"}, "MASTER_ADDR")],
)
def test_an_environment_that_torchrun_did_not_make_is_refused(run_cli, environment, word):
    ended = run_cli("train", "--plugin", "p8", env=environment)
    assert ended.returncode == 2
    assert word in ended.stderr
    assert "torchrun" in ended.stderr
    assert ended.stderr.count("\n") == 1
