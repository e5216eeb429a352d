"""The page as a telephone shows it."""

from __future__ import annotations

import html
import json
import re
import shutil
import subprocess

import pytest
from report.saved import fivecat

from lvmctl.report.job import PARTS
from lvmctl.report.page import POLICY, page

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
FLAGS = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-sync",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--enable-logging=stderr",
    "--dump-dom",
]

WIDTH = 360
"""Of the plots' own units."""

LOOK = """
<script>
const found = {refused: []};
addEventListener("securitypolicyviolation", event => found.refused.push(event.blockedURI));
addEventListener("load", () => {
  const root = document.documentElement, box = element => element.getBoundingClientRect();
  const plots = [...document.querySelectorAll("svg")];
  found.width = innerWidth;
  found.scrolls = root.scrollWidth;
  found.hidden = [...document.querySelectorAll(".scroll")].filter(
    table => table.scrollWidth > table.clientWidth + 1).length;
  found.plots = plots.map(plot => box(plot).width);
  found.cut = plots.flatMap(plot => [...plot.querySelectorAll("text")].filter(text => {
    const outer = box(plot), inner = box(text);
    return inner.left < outer.left - 1 || inner.right > outer.right + 1;
  }).map(text => text.textContent));
  found.size = parseFloat(getComputedStyle(document.body).fontSize);
  found.ink = getComputedStyle(document.body).color;
  parent.document.documentElement.dataset.found = JSON.stringify(found);
});
</script>
"""


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_fits_a_telephone(tmp_path, make_inputs):
    name = "p8_a_name_longer_than_a_line_of_a_telephone_c5_m0.07_20260131_100000"
    inputs = make_inputs(fivecat(), name=name)
    text = page([(inputs, [part.section(inputs) for part in PARTS])])
    policy = POLICY.replace("'", "&#39;")
    allowed = f"{policy}; script-src &#39;unsafe-inline&#39;"
    assert policy in text
    text = text.replace(policy, allowed).replace("<link", LOOK + "<link", 1)
    file = tmp_path / "page.html"
    # A window is not as narrow as a telephone everywhere; a frame is.
    frame = f'<iframe style="width: 390px; border: 0" srcdoc="{html.escape(text)}"></iframe>'
    file.write_text(f'<!DOCTYPE html><meta charset="utf-8">{frame}', encoding="utf-8")
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", file.as_uri()],
        capture_output=True,
        text=True,
        timeout=600,
    )
    seen = re.search('data-found="([^"]*)"', done.stdout)
    assert seen, done.stderr
    sizes = json.loads(html.unescape(seen.group(1)))
    assert "CONSOLE" not in done.stderr
    assert sizes["refused"] == []
    assert sizes["width"] == 390
    assert sizes["scrolls"] <= 390
    assert sizes["hidden"] == 0
    assert len(sizes["plots"]) == 8
    assert all(0.95 * WIDTH <= width <= 390 for width in sizes["plots"])
    assert sizes["cut"] == []
    assert (sizes["size"], sizes["ink"]) == (16, "rgb(0, 0, 0)")
