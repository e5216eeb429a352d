from __future__ import annotations

import re
from html.parser import HTMLParser

import pytest
from report.saved import fivecat, write_run
from report.store_texts import with_examples, write_texts

from lvmctl.core.run_directory import RunDirectory
from lvmctl.report.html import Html
from lvmctl.report.inputs import read
from lvmctl.report.job import PARTS
from lvmctl.report.page import page
from lvmctl.report.section import Missing, Section

VOID = {"meta", "link"}
KNOWN = """
html head meta link title style body main header footer nav article section h1 h2 h3 p a b strong
small code span div ul li table caption thead tbody tr th td details summary figure figcaption
dl dt dd svg g path use defs text tspan rect circle clippath pattern
"""
EVIL = '<script>alert("&")</script>'


class Balanced(HTMLParser):
    """Checks that every tag is closed in its turn, and keeps ids, links and headings."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.headings: list[str] = []
        self.tags: set[str] = set()
        self.classes: set[str] = set()

    def handle_starttag(self, tag, attrs):
        attributes = dict(attrs)
        self.tags.add(tag)
        self.classes |= set(attributes.get("class", "").split())
        self.ids += [attributes["id"]] if "id" in attributes else []
        self.links += [attributes["href"]] if tag == "a" else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if re.fullmatch("h[1-6]", self.open[-1] if self.open else ""):
            self.headings.append(f"{self.open[-1]} {data}")


def parsed(text: str) -> Balanced:
    parser = Balanced()
    parser.feed(text)
    parser.close()
    assert parser.open == []
    assert parser.tags <= set(KNOWN.split())
    return parser


def parts(inputs):
    return inputs, [part.section(inputs) for part in PARTS]


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> str:
    """The page of a run that has everything."""
    folder = tmp_path_factory.mktemp("runs")
    store = write_texts(folder / "store")
    path = write_run(
        folder / "run",
        with_examples(fivecat() | {"extras": {"blend": 0.8}}, store),
    )
    return page([parts(read(RunDirectory.open(path), "run1"))])


def test_a_page_of_one_run_is_whole(whole):
    page_ = parsed(whole)
    assert page_.headings == [
        "h1 run",
        "h2 Verdict",
        "h2 Training",
        "h2 A: offset sweep",
        "h2 Margins",
        "h2 B: retrieval in the article",
        "h2 Hits and misses",
        "h2 Mixture weights α",
        "h2 Extras of the model",
        "h2 C: ablations",
        "h2 D: rollout",
        "h2 E: coherence and other text",
        "h2 Latency and provenance",
    ]
    assert {"figure", "figcaption", "caption", "svg", "nav", "main", "details"} <= page_.tags
    slugs = [link.rpartition("-")[2] for link in page_.links]
    assert slugs == [part.__name__.rpartition(".")[2] for part in PARTS]


def test_every_class_has_a_style(whole):
    style = whole.partition("<style>")[2].partition("</style>")[0]
    classes = parsed(whole).classes
    assert classes >= {"scroll", "figure", "headline", "tests", "plot", "fail", "infeasible"}
    as_they_are = {"wide", "pass", "marginal", "hit", "miss"}
    assert {name for name in classes if f".{name}" not in style} == as_they_are


def test_every_id_is_there_once(whole):
    ids = parsed(whole).ids
    assert len(set(ids)) == len(ids) > 100


def test_links_lead_to_the_sections_of_their_run(make_inputs, unrendered):
    runs = [parts(make_inputs(name=name, key=f"run{i}")) for i, name in enumerate("ab")]
    page_ = parsed(page(runs))
    assert len(set(page_.ids)) == len(page_.ids)
    assert len(page_.links) == 2 * 10
    assert {link.removeprefix("#") for link in page_.links} <= set(page_.ids)
    assert page_.headings[:3] == ["h1 2 runs", "h2 a", "h3 Verdict"]


def test_the_page_asks_for_nothing_and_runs_nothing(whole):
    assert "default-src &#39;none&#39;" in whole
    assert "://" not in whole
    assert not re.search(
        r"<(script|img|iframe|object|embed|source)|url\((?!#)|@import|\son\w+=", whole
    )


def test_what_is_missing_is_reported_once(make_inputs, unrendered):
    inputs = make_inputs()
    text = page(
        [(inputs, [Missing("Map", "it is <not> there"), Section("a", "A", Html("<p>x</p>"))])]
    )
    assert "<li>Map: it is &lt;not&gt; there.</li>" in text
    assert "<h2>Map</h2>" not in text
    assert "Left out" not in page([(inputs, [Section("a", "A", Html("<p>x</p>"))])])


def test_names_that_hold_html_are_shown_not_run(make_inputs):
    result = fivecat()
    for tree in ("predictors", "sweep", "rank_curve"):
        result[tree][EVIL] = result[tree].pop("p8")
    result["ood"]["predictors"][EVIL] = result["ood"]["predictors"].pop("p8")
    result |= {"name": EVIL, "left_out": [EVIL], "notices": [EVIL]}
    result["data"]["val"]["name"] = EVIL
    result["verdict"]["gates"][0] |= {"name": EVIL, "why": EVIL, "metric": EVIL, "against": EVIL}
    result["verdict"]["tests"][EVIL] = "PASS"
    manifest = {"argv": [EVIL], EVIL: EVIL, "splits": {EVIL: {"name": EVIL}}}
    history = [{"epoch": 1, "train": {"loss": 1, f"loss_{EVIL}": 1}, "val": {"cos_next": 1}}]
    history[0]["stopped"] = EVIL
    inputs = make_inputs(
        result, manifest=manifest, history=history, name="<script>alert('run')<", key="run1"
    )
    text = page([parts(inputs)])
    assert "script" not in parsed(text).tags
    assert text.count("&lt;script&gt;") > 20


@pytest.mark.parametrize("geometry", ["unit", "span", "cone", "anchored"])
def test_the_class_and_the_windows_are_named(make_inputs, unrendered, geometry):
    result = fivecat() | {"geometry": geometry, "left_out": ["ema", "ridge"]}
    text = page([parts(make_inputs(result))])
    assert (
        f"p8 of class “{geometry}” on 5,200 windows of 130 articles of stores/books@val, K = 5, "
        "horizon 1. Baselines without training data: ema, ridge." in text
    )
    assert "<p>Notice: the store has no splits: 80/10/10 by article, seed 0" in text
