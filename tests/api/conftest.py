"""Small runs that the tests of the door share."""

from __future__ import annotations

from pathlib import Path

import pytest
from recorder import Recorder
from training.small import DATA, TINY

from lvmctl.training import job

RANKER = {"context": 3, "batch_size": 32, "epochs": 1, "min_article": 6, "hidden": 4}


def trained(out: Path, recipe: str, options: dict, data: str = DATA) -> Path:
    """A run of ``recipe`` at ``out``."""
    request = job.TrainRequest(recipe, [("test", options)], sources={"data": data}, out=out)
    return job.start(request, Recorder()).path


@pytest.fixture(scope="session")
def p8_run(tmp_path_factory) -> Path:
    """P8 with K = 5 on 16-D chunks."""
    return trained(tmp_path_factory.mktemp("api") / "p8", "p8", TINY | {"epochs": 1})


@pytest.fixture(scope="session")
def centred_run(tmp_path_factory) -> Path:
    """The same on centred chunks."""
    options = TINY | {"epochs": 1, "transform": "centred"}
    return trained(tmp_path_factory.mktemp("api") / "centred", "p8", options)


@pytest.fixture(scope="session")
def ranker_run(tmp_path_factory) -> Path:
    """P9, which has a score of its own, with K = 3."""
    return trained(tmp_path_factory.mktemp("api") / "p9", "p9", RANKER)
