"""The summary of a training: the verdict first, then the metrics it rests on."""

from __future__ import annotations

import pytest

from lvmctl.training.rendering import run_text

DIRECT = {"cos_next": 0.4, "r@5": 0.30, "mrr@10": 0.2, "margin": {"last": -0.6}}


def best(low: float | None = 0.01, high: float | None = 0.09, articles: int = 40, **more) -> dict:
    val = {
        "windows": 500,
        "in_article_articles": articles,
        "cos_next": 0.5,
        "margin": {"last": -0.1},
        "r@5": 0.35,
        "mrr@10": 0.25,
        "chance_r@5": 0.1,
        "alpha_entropy": 1.25,
        "direct": DIRECT,
        "ci": {"r@5 - direct": [low, high], "mrr@10 - direct": [low, high]},
    } | more
    best = {"epoch": 2, "by": "mrr@10", "val": val}
    shown = {"recipe": "p8", "run": "runs/a", "epochs": 3, "stopped": None, "demonstration": None}
    return shown | {"best": best}


@pytest.mark.parametrize(
    ("ends", "key_words"),
    [
        ((0.01, 0.09), "retrieves better than direct"),
        ((-0.09, -0.01), "retrieves worse than direct"),
        ((-0.01, 0.09), "cannot be distinguished from direct"),
        ((None, None), "cannot be distinguished from direct"),
    ],
)
def test_the_verdict_is_the_first_line(ends, key_words):
    assert key_words in run_text(best(*ends)).partition("\n")[0]


@pytest.mark.parametrize(("articles", "doubtful"), [(9, True), (10, False), (None, False)])
def test_a_verdict_on_few_articles_says_so_itself(articles, doubtful):
    sentence = run_text(best(articles=articles)).partition("\n\n")[0]
    assert "retrieves better than direct" in sentence
    assert ("on 9 articles, which may be chance" in " ".join(sentence.split())) == doubtful


def test_mrr_speaks_where_only_it_tells_them_apart():
    ci = {"r@5 - direct": [0.0, 0.0], "mrr@10 - direct": [0.05, 0.12]}
    first = run_text(best(ci=ci)).partition("\n\n")[0]
    assert "retrieves better than direct: MRR@10 .250 against .200, +.050" in first
    worse = ci | {"mrr@10 - direct": [-0.12, -0.05]}
    assert "retrieves worse than direct: MRR@10" in run_text(best(ci=worse))


def test_a_run_without_intervals_is_still_shown():
    old = best()
    del old["best"]["val"]["ci"], old["best"]["val"]["in_article_articles"]
    assert "cannot be distinguished from direct" in run_text(old)


def test_no_article_was_long_enough():
    val = {"r@5": None}
    shown = best()
    shown["best"]["val"] = {k: v for k, v in shown["best"]["val"].items() if k not in val}
    shown["best"]["val"]["direct"] = {k: v for k, v in DIRECT.items() if "@" not in k}
    shown |= {"recipe": "p10", "reads": ["text"]}
    verdict = run_text(shown).partition("\n\n")[0]
    assert verdict.startswith("p10 (reads text) was not ranked, as no article is long enough")
    assert max(map(len, verdict.splitlines())) <= 80


@pytest.mark.parametrize(("articles", "warns"), [(3, True), (9, True), (10, False)])
def test_few_articles_are_warned_of(articles, warns):
    assert (
        f"Warning: this rests on {articles} articles" in run_text(best(articles=articles))
    ) is warns
    assert "this rests on 1 article;" in run_text(best(articles=1))


@pytest.mark.parametrize("full", [False, True])
def test_it_fits_eighty_columns(full):
    text = run_text(best(q={"r@5": 0.2, "mrr@10": 0.1}), full)
    assert max(map(len, text.splitlines())) <= 80
    assert ("margin[last]" in text) is full
    assert ("of q alone" in text) is full
    assert ("α entropy" in text) is full


def test_the_difference_and_its_interval_stand_in_the_row():
    (line,) = [row for row in run_text(best()).splitlines() if row.startswith("R@5 ")][:1]
    assert line.split() == ["R@5", ".350", ".300", "+.050", "[+.010,", "+.090]", ".100"]
