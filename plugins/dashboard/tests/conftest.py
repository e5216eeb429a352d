"""Two small runs on texts, and a dashboard of them in this process."""

from __future__ import annotations

import random
import time
from types import SimpleNamespace

import forked
import pytest
from fastapi.testclient import TestClient
from lvmctl_dashboard import jobs
from lvmctl_dashboard.app import make_app
from lvmctl_dashboard.catalogue import Catalogue

import lvmctl

STEPS = {
    "bread": ["Flour is weighed.", "The dough is kneaded.", "The dough rises.", "A loaf is baked."],
    "boat": ["The hull is scraped.", "Tar is brushed on.", "The sail is hoisted.", "She is rowed."],
    "hive": ["Smoke is blown in.", "Frames are lifted out.", "Wax is cut.", "Honey runs in jars."],
}
WHEN = ["Early", "Slowly", "With care", "In silence", "Before noon"]
SMALL = {"sequence": {"layers": 1, "width": 16, "heads": 2, "feedforward": 16}, "min_article": 6}


def day(draw: random.Random) -> list[str]:
    work = draw.sample(list(STEPS), 3)
    return [f"{draw.choice(WHEN)}: {step}" for name in work for step in STEPS[name]]


@pytest.fixture(scope="session", autouse=True)
def quick_processes():
    """Work that a page starts is done in a process that is forked where the system can."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(jobs, "sys", SimpleNamespace(executable=forked.python()))
        yield


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """A folder with ``stores/days``, 40 articles of 12 chunks in 16-D, and two runs on it."""
    place = tmp_path_factory.mktemp("dashboard")
    draw = random.Random(0)
    texts = [day(draw) for _ in range(40)]
    (place / "stores").mkdir()
    store = lvmctl.embed(texts, encoder="lsa", dim=16, out=place / "stores" / "days")
    for name, context, epochs in (("short", 3, 2), ("long", 4, 6)):
        out = place / "runs" / name
        lvmctl.train("plain", data=store, out=out, context=context, epochs=epochs, **SMALL)
    return place


@pytest.fixture(scope="session")
def catalogue(place):
    return Catalogue(place / "runs", place / "stores")


@pytest.fixture(scope="session")
def client(catalogue):
    """Sends requests to the dashboard; redirects are not followed."""
    with opened(make_app(catalogue)) as client:
        yield client


@pytest.fixture(scope="session")
def reader(catalogue):
    """Sends requests to a dashboard that is read-only."""
    with opened(make_app(catalogue, read_only=True)) as client:
        yield client


def opened(app) -> TestClient:
    return TestClient(
        app, base_url="http://127.0.0.1", follow_redirects=False, raise_server_exceptions=False
    )


@pytest.fixture
def ended(client):
    """Waits for the work that an answer leads to, and returns it."""

    def wait(answer, seconds=60):
        assert answer.status_code == 303, answer.text
        number = int(answer.headers["location"].rpartition("/")[2])
        job = client.app.state.site.jobs.get(number)
        until = time.monotonic() + seconds
        while job.state == "running" and time.monotonic() < until:
            time.sleep(0.05)
        return job

    return wait
