"""What pages start, and who may start it."""

from __future__ import annotations

import asyncio
import json
import socket
from threading import Event

import pytest
from fastapi.testclient import TestClient
from lvmctl_dashboard import jobs as jobs_module
from lvmctl_dashboard import live, worker
from lvmctl_dashboard.app import make_app
from lvmctl_dashboard.guard import MAX_BODY

import lvmctl

ASKED = {"run": ["short", "long"], "windows": "60"}
STARTS = ["/compare", "/data", "/try", "/evaluate", "/jobs/1/cancel", "/report/short"]


def test_a_comparison_is_started_and_read(client, place, ended):
    job = ended(client.post("/compare", data=ASKED | {"data": "days", "split": "test"}))
    assert job.state == "finished", job.error
    assert job.result["data"]["val"]["name"] == "days@test"
    page = client.get(f"/jobs/{job.number}").text
    runs = [place / "runs" / name for name in ASKED["run"]]
    compared = lvmctl.compare(runs, data=f"{place}/stores/days@test", max_windows=60).to_dict()
    for run in compared["runs"].values():
        difference = run["differences"]["in_article.filtered.r@5"]
        assert lvmctl.format_number(difference["value"], signed=True) in page
    assert "Milliseconds per call" in page
    assert str(place) not in page
    assert f'href="/jobs/{job.number}"' in client.get("/compare").text


def test_parity_is_asked_of_a_store(client, place, ended):
    job = ended(client.post("/data", data={"store": "days", "diagnostic": "split-parity"}))
    page = client.get(f"/jobs/{job.number}").text
    assert job.state == "finished"
    assert job.result["verdict"] in page
    assert str(place) not in page


def test_the_report_of_a_run_is_written_and_read(client, place, ended):
    page = client.get("/runs/short").text
    assert 'action="/report/short"><button>Write a report</button>' in page
    job = ended(client.post("/report/short"))
    assert job.state == "finished", job.error
    written = place / "runs" / "short" / "report.html"
    try:
        assert 'href="/report/short"' in client.get(f"/jobs/{job.number}").text
        assert str(place) not in client.get(f"/jobs/{job.number}").text
        assert "<svg" in client.get("/report/short").text
        assert "Write the report anew" in client.get("/runs/short").text
    finally:
        written.unlink()
    assert client.post("/report/nothing").status_code == 404


def test_what_fails_is_one_line(client, place, ended):
    job = ended(client.post("/compare", data=ASKED | {"data": "days", "split": "ood"}))
    assert job.state == "failed"
    page = client.get(f"/jobs/{job.number}").text
    assert 'class="error"' in page
    assert str(place) not in page


def test_work_is_cancelled_and_no_more_than_two_run(client):
    started = [client.post("/compare", data=ASKED) for _ in range(3)]
    assert [answer.status_code for answer in started] == [303, 303, 429]
    for answer in started[:2]:
        place = answer.headers["location"]
        assert client.post(f"{place}/cancel").headers["location"] == place
        page = client.get(place).text
        assert "cancelled" in page
        assert "<progress" not in page
        job = client.app.state.site.jobs.get(int(place.rpartition("/")[2]))
        assert job.process.wait(10) != 0


@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("/compare", {}),
        ("/compare", ASKED | {"windows": "many"}),
        ("/compare", ASKED | {"windows": "0"}),
        ("/compare", ASKED | {"data": "days", "split": "../x"}),
        ("/compare", ASKED | {"data": "demonstration data"}),
        ("/data", {"store": "days", "diagnostic": "run"}),
    ],
)
def test_bad_forms_are_refused(client, path, form):
    assert client.post(path, data=form).status_code == 422


@pytest.mark.parametrize("form", [{"run": "none"}, ASKED | {"data": "/etc"}])
def test_unknown_names_start_nothing(client, form):
    assert client.post("/compare", data=form).status_code == 404


@pytest.mark.parametrize("path", STARTS)
def test_read_only_starts_nothing(reader, path):
    answer = reader.post(path, data={"run": "short"})
    assert answer.status_code == 403
    assert "read-only" in answer.text
    assert not list(reader.app.state.site.jobs)


def test_read_only_shows_all(reader):
    for path in ("/", "/runs/short", "/compare", "/try", "/data?store=days"):
        page = reader.get(path)
        assert page.status_code == 200
        assert "read-only" in page.text
    assert "disabled" in reader.get("/compare").text


@pytest.mark.parametrize(
    "headers",
    [{"origin": "http://elsewhere.example"}, {"origin": "null"}, {"sec-fetch-site": "cross-site"},
     {"origin": "http://127.0.0.1:1"}, {"sec-fetch-site": "same-site"}],
)  # fmt: skip
@pytest.mark.parametrize("path", STARTS)
def test_another_page_starts_nothing(client, path, headers):
    assert client.post(path, data=ASKED, headers=headers).status_code == 403


def test_the_own_origin_may_start(client):
    headers = {"origin": "http://127.0.0.1", "sec-fetch-site": "same-origin"}
    assert client.post("/compare", data={}, headers=headers).status_code == 422


def test_another_name_of_the_address_is_refused(client):
    assert client.get("/", headers={"host": "elsewhere.example"}).status_code == 421


def test_a_large_body_is_refused(client):
    assert client.post("/try", content=b"a" * (MAX_BODY + 1)).status_code == 413
    assert client.post("/try", content=iter([b"a"])).status_code == 411


def test_the_published_request_is_answered(client):
    asked = {
        "models": ["short", "long"],
        "test_mode": "both",
        "num_test_cases": 3,
        "vec2text_steps": 1,
        "num_concepts": 5,
        "start_article_index": 4,
        "random_start": False,
        "evaluation_dataset": "days",
    }
    answer = client.post("/evaluate", json=asked).json()
    assert set(answer) == {"status", "results", "aggregated", "timestamp", "message", "test_mode"}
    cases = answer["results"]["long"]
    assert [case["article"] for case in cases] == [4, 5, 6]
    store = lvmctl.open_store(client.app.state.site.catalogue.store("days"))
    model = lvmctl.load(client.app.state.site.catalogue.run("long").path)
    rows = store.vectors[48:60]
    at = cases[0]["chunk"]
    cosine = float(model.predict(rows[at - 4 : at]) @ rows[at])
    assert cases[0]["cosine"] == pytest.approx(cosine, abs=1e-5)
    mean = sum(case["cosine"] for case in cases) / 3
    assert answer["aggregated"]["long"]["cosine"] == pytest.approx(mean)
    # What was not said has a default: the data that the first run was trained on.
    fewer = client.post("/evaluate", json={"models": ["short"], "num_test_cases": 1}).json()
    assert len(fewer["results"]["short"]) == 1


@pytest.mark.parametrize(
    ("asked", "code"),
    [({"models": ["none"]}, 404), ({"models": []}, 422), ({"models": "short"}, 422), ({}, 422),
     ({"models": ["short"], "num_test_cases": 0}, 422),
     ({"models": ["short"], "evaluation_dataset": "/etc/passwd"}, 404)],
)  # fmt: skip
def test_a_bad_published_request_is_one_line(client, asked, code):
    answer = client.post(
        "/evaluate", content=json.dumps(asked), headers={"content-type": "application/json"}
    )
    assert answer.status_code == code
    assert list(answer.json()) == ["detail"]


def test_events_tell_of_changes_and_end_with_the_server(monkeypatch):
    monkeypatch.setattr(live, "PAUSE", 0.001)
    values, closing = iter([1, 1, 2, 2, 3]), Event()

    def stamp():
        value = next(values, None)
        if value is None:
            closing.set()
        return value or 3

    async def read():
        return [event async for event in live.events(stamp, closing)]

    assert asyncio.run(read()) == [f"data: {number}\n\n" for number in (1, 2, 3)]


def test_the_end_of_the_server_ends_the_work(catalogue):
    with TestClient(
        make_app(catalogue), base_url="http://127.0.0.1", follow_redirects=False
    ) as client:
        client.post("/compare", data=ASKED)
        (job,) = client.app.state.site.jobs
    assert job.process.wait(10) != 0
    assert job.state == "cancelled"


def test_progress_is_written_and_kept(capsys):
    with worker.Lines().progress("ranks", "windows", total=40, done=10) as advance:
        advance(30)
    worker.Lines().info("a notice")
    job = jobs_module.Job(1, "compare", "x", process=None)
    for line in capsys.readouterr().out.splitlines():
        job.take(json.loads(line))
    assert (job.stage, job.done, job.total) == ("ranks", 40, 40)
    assert job.messages == ["a notice"]
    assert (job.version, job.state) == (3, "running")


def test_a_process_that_dies_is_a_failure():
    job = jobs_module.Jobs().start("nothing of this name", "x", {})
    job.process.wait(30)
    for _ in range(100):
        if job.state != "running":
            break
        Event().wait(0.05)
    assert job.state == "failed"
    assert "ended with 1" in job.error


def test_a_body_that_is_no_json_is_answered_so(client):
    json_type = {"content-type": "application/json"}
    answer = client.post("/evaluate", content='{"models"', headers=json_type)
    assert (answer.status_code, answer.json()) == (422, {"detail": "the body is not JSON"})


def test_a_port_that_is_taken_is_one_plain_line():
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(lvmctl.OutputError, match="cannot listen") as caught:
            lvmctl.listen("127.0.0.1", port)
    assert caught.value.what == "cannot listen (Address already in use)"
    assert "--port" in caught.value.hint
