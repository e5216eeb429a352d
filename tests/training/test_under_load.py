"""What is trained does not depend on how busy the machine is."""

from __future__ import annotations

import subprocess
import sys
from contextlib import contextmanager

import pytest

import lvmctl
from lvmctl.core.errors import RunError
from lvmctl.core.hashes import read_record

DATA = "synth:topic?articles=24&chunks=24&dim=16"
NETWORK = {"width": 16, "layers": 1, "heads": 2, "feedforward": 16}
OPTIONS = {
    "p8": NETWORK,
    "p9": {"batch_size": 32},
    "plain": {f"sequence.{name}": value for name, value in NETWORK.items()},
}
BUSY = "print(flush=True)\nwhile True: pass"


@contextmanager
def busy_machine():
    """A process that never rests, beside what else the machine does."""
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as process:
        process.stdout.readline()
        try:
            yield
        finally:
            process.kill()


@pytest.mark.parametrize("recipe", OPTIONS)
def test_one_seed_gives_the_same_bytes_on_a_busy_machine(recipe, tmp_path):
    def hashes(name: str) -> list[str]:
        out, options = tmp_path / name, OPTIONS[recipe]
        run = lvmctl.train(recipe, data=DATA, out=out, epochs=1, seed=0, options=options)
        record = read_record(run.path, RunError)
        return [record[file]["sha256"] for file in ("best_model.pt", "training_history.json")]

    first = hashes("idle")
    with busy_machine():
        assert hashes("busy") == first
