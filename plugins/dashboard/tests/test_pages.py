"""Each page and what it refuses, without a browser."""

from __future__ import annotations

import html
import json
import re
import shutil

import numpy as np
import pytest
from lvmctl_dashboard.catalogue import one_line, without_directories
from lvmctl_dashboard.charts import training_charts
from lvmctl_dashboard.ranking import paragraphs

import lvmctl

HTML = {"accept": "text/html"}
PAGES = ["/", "/runs/short", "/compare", "/try", "/data", "/data?store=days"]


def names(page: str) -> list[str]:
    """The runs of the table, in its order."""
    return re.findall(r'<a href="/runs/(\w+)"', page)


@pytest.mark.parametrize("path", [*PAGES, "/try?run=short&store=days&article=2&at=5"])
def test_each_page_opens_and_names_no_directory(client, place, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert "<h1>" in answer.text
    assert str(place) not in answer.text
    assert str(place.parent) not in answer.text


def test_runs_stand_beside_direct_and_are_sorted(client):
    page = client.get("/?sort=name&order=asc").text
    assert names(page) == ["long", "short"]
    assert names(client.get("/?sort=name&order=desc").text) == ["short", "long"]
    assert 'aria-sort="ascending"' in page
    run = next(run for run in lvmctl.list_runs(client.app.state.site.catalogue._runs)
               if run.name == "long")  # fmt: skip
    metric = run.metrics["r@5"]
    for value in (metric["value"], metric["direct"]):
        assert lvmctl.format_number(value) in page


@pytest.mark.parametrize(
    ("query", "shown"),
    [("q=LONG", ["long"]), ("recipe=plain", ["long", "short"]), ("state=running", []),
     ("q=plain+days+sho", ["short"]), ("data=nothing", []), ("sort=nonsense&q=short", ["short"])],
)  # fmt: skip
def test_runs_are_filtered(client, query, shown):
    assert sorted(names(client.get(f"/?{query}").text)) == shown


def test_a_run_has_its_curves_options_and_log(client):
    page = html.unescape(client.get("/runs/short").text)
    (spec,) = re.findall(r'id="chart-r5" data-chart="(.*?)" data-name', page)
    run, direct, _ = json.loads(spec)["data"]
    history = lvmctl.Run(client.app.state.site.catalogue.run("short").path).history
    assert run["x"] == [1, 2]
    assert run["y"] == [record["val"]["r@5"] for record in history]
    assert direct["y"] == [record["val"]["direct"]["r@5"] for record in history]
    assert run["line"]["dash"] != direct["line"]["dash"]
    ends = [record["val"]["ci"]["r@5"] for record in history]
    bars = run["error_y"]
    drawn = [
        [y - low, y + high] for y, low, high in zip(run["y"], bars["arrayminus"], bars["array"])
    ]
    assert np.allclose(drawn, ends)
    assert "sequence.width" in page
    assert "2.13" in page


def test_figures_that_only_a_recipe_has_get_a_chart():
    records = [
        {"epoch": 1, "train": {"loss": 1.0, "alpha": 0.5}, "val": {"loss": 2.0}},
        {"epoch": 2, "train": {"loss": 0.5, "alpha": 0.75}, "val": None},
    ]
    charts = {chart.key: chart.spec["data"] for chart in training_charts(records)}
    assert set(charts) == {"loss", "extra-alpha"}
    assert charts["extra-alpha"][0]["y"] == [0.5, 0.75]
    assert [len(trace["y"]) for trace in charts["loss"]] == [2, 1]


def test_a_result_is_shown_as_a_verdict(client, place):
    lvmctl.Run(place / "runs" / "long").fivecat()
    page = client.get("/runs/long").text
    assert "fair-r5" in page
    assert "≥ direct +.000" in page
    assert "counted tests passed" in page


@pytest.mark.parametrize(
    "path",
    ["/runs/none", "/runs/../stores", "/runs/..%2f..%2fetc", "/report/none", "/report/short",
     "/events/run/none", "/jobs/999", "/events/job/999", "/data?store=..%2fruns", "/nothing",
     "/static/..%2fapp.py", "/try?run=none&store=days", "/try?run=short&store=none"],
)  # fmt: skip
def test_what_is_not_there_is_one_line(client, place, path):
    answer = client.get(path)
    assert answer.status_code == 404
    (line,) = answer.json().values()
    assert "\n" not in line
    assert str(place) not in line
    page = client.get(path, headers=HTML)
    assert page.status_code == 404
    assert html.escape(line) in page.text.replace("&#39;", "&#x27;")


def test_a_report_is_served_as_it_is(client, place):
    report = place / "runs" / "short" / "report.html"
    report.write_text("<p>the report</p>", encoding="utf-8")
    answer = client.get("/report/short")
    report.unlink()
    assert answer.text == "<p>the report</p>"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_broken_run_has_a_page(client, place):
    broken = place / "runs" / "partial"
    (broken / "checkpoints").mkdir(parents=True)
    (broken / "config.json").write_text("{")
    try:
        page = client.get("/runs/partial").text
        assert "broken" in page
        assert str(place) not in page
    finally:
        (broken / "config.json").unlink()
        (broken / "checkpoints").rmdir()
        broken.rmdir()


@pytest.mark.parametrize(
    ("history", "shown"),
    [('[{"epoch": 1, "train": {"loss": 2}}]', True), ('[7, {"loss": 1}]', False)],
)
def test_a_history_of_another_shape_stops_no_page(client, place, history, shown):
    odd = place / "runs" / "odd"
    odd.mkdir()
    shutil.copy(place / "runs" / "short" / "config.json", odd)
    (odd / "training_history.json").write_text(history)
    try:
        pages = [client.get("/"), client.get("/runs/odd")]
    finally:
        shutil.rmtree(odd)
    assert [page.status_code for page in pages] == [200, 200]
    assert ("chart-loss" in pages[1].text) == shown


def test_an_article_is_stepped_through(client):
    page = client.get("/try?run=short&store=days&article=2&at=5").text
    store = lvmctl.open_store(client.app.state.site.catalogue.store("days"))
    model = lvmctl.load(client.app.state.site.catalogue.run("short").path)
    rows = store.vectors[24:36]
    pool = [0, 1, *range(5, 12)]
    ranking = model.rank(rows[2:5], rows[pool], top=None)
    order = [pool[index] for index in ranking.indices]
    shown = re.findall(r'<td data-label="mark">(?:chunk (\d+)|true next chunk)', page)
    assert [int(place or 5) for place in shown] == order
    rank = model.rank_in(ranking, pool.index(5))
    cosines = rows[pool] @ rows[4] / np.linalg.norm(rows[pool], axis=1)
    gap = cosines - cosines[pool.index(5)]
    direct = 1 + (gap > 1e-6).sum() + ((np.abs(gap) <= 1e-6).sum() - 1) / 2
    assert f"direct ranks it {direct:g}." in page
    assert f"is ranked {rank:g} of 9" in page
    assert ("✓ hit" if rank <= 5 else "✗ miss") in page
    assert f"<strong>5: {rank:g}" in page
    assert "/try?run=short&amp;store=days&amp;article=2&amp;at=6" in page


def test_pasted_texts_are_ranked(client):
    form = {"run": "short", "before": "Flour is weighed.\n\nThe dough is kneaded.",
            "candidates": "Tar is brushed on.\r\n\r\nThe dough rises."}  # fmt: skip
    page = client.post("/try", data=form).text
    model = lvmctl.load(client.app.state.site.catalogue.run("short").path)
    texts = paragraphs(form["candidates"])
    first = texts[model.rank_texts(paragraphs(form["before"]), texts).indices[0]]
    assert re.search(r'<th scope="row">1</th>.*?class="long">(.*?)</td>', page)[1] == first


def test_texts_that_cannot_be_ranked_are_refused(client):
    assert client.post("/try", data={"run": "short", "before": "a"}).status_code == 422
    many = {"run": "short", "before": "a", "candidates": "b\n\n" * 300}
    assert client.post("/try", data=many).status_code == 422


def test_paragraphs_are_apart_by_blank_lines_else_by_lines():
    assert paragraphs("a\nb\n\n c \n\n\n") == ["a\nb", "c"]
    assert paragraphs("a\r\nb") == ["a", "b"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [("/srv/x/books: gone", "books: gone"), ("in ../a/b and ~/c", "in b and c"),
     ("12 windows/s, and/or", "12 windows/s, and/or"), ("R@5 ≥ 1/2", "R@5 ≥ 1/2")],
)  # fmt: skip
def test_directories_are_left_out(text, shown):
    assert without_directories(text) == shown
    assert one_line(ValueError(text + "\nmore")) == f"{shown} more"
