"""The pages in headless Chromium, with trainings and evaluations that really go on."""

from __future__ import annotations

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

import lvmctl

pytest.importorskip("playwright", reason="needs pip install 'lvmctl-dashboard[browser]'")
from playwright.sync_api import sync_playwright

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
pytestmark = [
    pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium (apt-get install chromium)"),
    pytest.mark.xdist_group("browser"),
]

PAGES = [
    "/",
    "/runs/short",
    "/compare?run=short",
    "/try?run=short&store=days&article=2&at=5",
    "/data?store=days",
]
WIDTHS = (1200, 390)

TRAINING = """
import sys, time, lvmctl

class Slow(lvmctl.Reporter):
    def epoch(self, record, epochs, windows_per_s):
        time.sleep(1.5)

small = {"sequence": {"layers": 1, "width": 16, "heads": 2, "feedforward": 16}, "min_article": 6}
lvmctl.train("plain", data=sys.argv[1], out=sys.argv[2], context=3, epochs=4, reporter=Slow(),
             **small)
"""

SCREENSHOT = os.environ.get("LVMCTL_SCREENSHOT")
"""Where the picture of docs/dashboard.md is written, if anywhere."""


@pytest.fixture(scope="module")
def address(place):
    """A dashboard in a process of its own."""
    words = ["dashboard", "--runs", "runs", "--stores", "stores", "--port", "0"]
    process = subprocess.Popen(
        [sys.executable, "-m", "lvmctl", *words], cwd=place, stderr=subprocess.PIPE, text=True
    )
    yield process.stderr.readline().split()[2]
    process.terminate()
    assert process.wait(20) == 0


@pytest.fixture(scope="module")
def browser():
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield browser
        browser.close()


@pytest.fixture
def page(browser):
    """An empty page; whatever it says to the console is a fault."""
    context = browser.new_context(viewport={"width": 1200, "height": 900})
    page = context.new_page()
    faults = []
    page.on("console", lambda message: faults.append(message.text))
    page.on("pageerror", lambda error: faults.append(str(error)))
    yield page
    context.close()
    assert faults == []


@pytest.mark.parametrize("width", WIDTHS)
def test_pages_fit_and_have_their_charts(page, address, width):
    page.set_viewport_size({"width": width, "height": 800})
    for path in PAGES:
        page.goto(address + path)
        for chart in page.locator("figure[data-chart]").all():
            chart.locator("svg.main-svg").first.wait_for()
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
        assert page.locator("h1").is_visible()
    assert not page.evaluate("performance.getEntries().some((e) => e.name.startsWith('http') "
                             "&& !e.name.startsWith(location.origin))")  # fmt: skip


def test_a_curve_grows_while_a_run_trains(page, address, place):
    run = place / "runs" / "live"
    training = subprocess.Popen(
        [sys.executable, "-c", TRAINING, str(place / "stores" / "days"), str(run)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        while not (run / "config.json").exists():
            assert training.poll() is None
            time.sleep(0.05)
        page.goto(f"{address}/runs/live")
        points = "document.querySelector('#chart-loss .plot')?.data?.[0].x.length ?? 0"
        seen, until = {page.evaluate(points)}, time.monotonic() + 40
        while 4 not in seen and time.monotonic() < until:
            page.wait_for_timeout(100)
            seen.add(page.evaluate(points))
        assert 4 in seen
        assert len(seen) > 2
        page.get_by_text("finished").first.wait_for(timeout=15_000)
        assert training.wait(20) == 0
    finally:
        training.kill()
        training.wait()
        shutil.rmtree(run, ignore_errors=True)


def test_an_evaluation_is_started_read_and_saved(page, address, place, tmp_path):
    page.goto(address)
    page.get_by_label("compare short").check()
    page.get_by_label("compare long").check()
    page.get_by_role("button", name="Compare the chosen runs").click()
    page.locator("[name=data]").select_option("days")
    page.get_by_role("button", name="Start the evaluation").click()
    page.wait_for_url("**/jobs/*")
    page.locator("#differences").wait_for(timeout=60_000)
    page.locator("#chart-difference-R\\@5 svg.main-svg").first.wait_for()
    assert page.get_by_role("button", name="Cancel").count() == 0
    runs = [place / "runs" / name for name in ("short", "long")]
    compared = lvmctl.compare(runs, data=f"{place / 'stores' / 'days'}@val").to_dict()["runs"]
    rows = saved(page, "table[id=differences]", "CSV", tmp_path)
    records = list(csv.DictReader(io.StringIO(rows.decode())))
    assert {record["run"] for record in records} == {"short", "long"}
    for record in records:
        difference = compared[record["run"]]["differences"]["in_article.filtered.r@5"]
        names = ("R@5", "R@5 low", "R@5 high")
        values = [difference["value"], *difference["ci"]]
        assert [float(record[name]) for name in names] == pytest.approx(values)
    with page.expect_download() as download:
        page.get_by_role("button", name="Save R@5 less that of direct as PNG").click()
    assert Path(download.value.path()).read_bytes().startswith(b"\x89PNG")


def test_an_evaluation_is_cancelled(page, address):
    page.goto(f"{address}/compare?run=short")
    page.get_by_role("button", name="Start the evaluation").click()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("cancelled", exact=True).wait_for()


def test_what_is_filtered_is_what_is_saved(page, address, tmp_path):
    page.goto(address)
    page.get_by_label("Search").fill("lon")
    page.keyboard.press("Enter")
    page.wait_for_url("**q=lon*")
    (record,) = json.loads(saved(page, "#runs", "JSON", tmp_path))
    assert record["run"] == "long"
    assert isinstance(record["R@5"], float)


def test_an_article_is_stepped_through_by_keyboard(page, address):
    page.goto(f"{address}/try?run=short&store=days&article=2&at=5")
    page.get_by_role("link", name="next place").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**at=6")
    assert page.locator("tr.true").count() == 1
    page.goto(address)
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "main"


def test_the_picture_of_the_documentation(page, address):
    if not SCREENSHOT:
        pytest.skip("LVMCTL_SCREENSHOT names no file to write")
    page.set_viewport_size({"width": 1000, "height": 760})
    page.goto(f"{address}/runs/long")
    page.locator("figure[data-chart] svg.main-svg").nth(3).wait_for()
    page.screenshot(path=SCREENSHOT)


def saved(page, table: str, kind: str, place: Path) -> bytes:
    """What the button beside a table saves."""
    beside = page.locator(f".exports:has([data-of={table.split('id=')[-1].strip('#[]')}])")
    with page.expect_download() as download:
        beside.get_by_role("button", name=kind).click()
    return Path(download.value.path()).read_bytes()
