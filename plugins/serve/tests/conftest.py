"""Two small runs on texts, served in this process."""

from __future__ import annotations

import random

import numpy as np
import pytest
from fastapi.testclient import TestClient
from lvmctl_serve.app import make_app
from lvmctl_serve.served_model import ServedModel
from lvmctl_serve.service import Service

import lvmctl

STEPS = {
    "bread": ["Flour is weighed.", "The dough is kneaded.", "The dough rises.", "A loaf is baked."],
    "boat": ["The hull is scraped.", "Tar is brushed on.", "The sail is hoisted.", "She is rowed."],
    "hive": ["Smoke is blown in.", "Frames are lifted out.", "Wax is cut.", "Honey runs in jars."],
}
WHEN = ["Early", "Slowly", "With care", "In silence", "Before noon"]
SMALL = {"sequence": {"layers": 1, "width": 16, "heads": 2, "feedforward": 16}}


def day(draw: random.Random) -> list[str]:
    work = draw.sample(list(STEPS), 3)
    return [f"{draw.choice(WHEN)}: {step}" for name in work for step in STEPS[name]]


@pytest.fixture(scope="session")
def store(tmp_path_factory):
    """40 articles of 12 chunks in 16-D, by the encoder lsa."""
    draw = random.Random(0)
    out = tmp_path_factory.mktemp("served") / "days"
    return lvmctl.embed([day(draw) for _ in range(40)], encoder="lsa", dim=16, out=out)


@pytest.fixture(scope="session")
def runs(store):
    """``plain`` of K = 4, and ``centred`` of K = 3 on centred chunks."""
    place = store.path.parent / "runs"
    options = {"data": store, "epochs": 1, "min_article": 6, **SMALL}
    return [
        lvmctl.train("plain", out=place / "plain", context=4, **options),
        lvmctl.train("plain", out=place / "centred", context=3, transform="centred", **options),
    ]


@pytest.fixture(scope="session")
def served(runs):
    return [ServedModel(str(run.path), None, "nearest") for run in runs]


@pytest.fixture(scope="session")
def client(served):
    """Sends requests to both runs."""
    with TestClient(make_app(Service(served)), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture(scope="session")
def model(served):
    return served[0].model


@pytest.fixture(scope="session")
def contexts(store):
    """(5, 4, 16) float32 of unit norm."""
    rows = np.stack([store.vectors[at : at + 4] for at in range(0, 25, 5)]).astype(np.float32)
    return rows / np.linalg.norm(rows, axis=2, keepdims=True)
