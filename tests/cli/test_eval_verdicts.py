"""What stands beside a verdict, on every screen that prints one."""

from __future__ import annotations

import pytest
from api.conftest import trained
from cli.typed import typing
from training.small import TINY

WORLD = "synth:topic?articles=60&chunks=16&dim=16"
OTHER = "synth:topic?articles=12&chunks=16&dim=16&seed=5"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """A directory with the run ``few``, which is validated on six articles."""
    place = tmp_path_factory.mktemp("verdicts")
    trained(place / "few", "p8", TINY | {"epochs": 1}, WORLD)
    return place


@pytest.fixture
def typed(place, monkeypatch, capsys):
    """``typed(*words)`` runs ``lvmctl`` beside the run: exit code, stdout, stderr."""
    return typing(place, monkeypatch, capsys)


def test_every_verdict_on_few_articles_warns_in_the_same_words(typed, place):
    screens = [typed("eval", command, "few")[1] for command in ("5cat", "compare")]
    screens.append(typed("eval", "baselines", "--data", WORLD)[1])
    typed("eval", "5cat", "few", "--json")
    typed("eval", "report", "few", "--out", "page.html", "--force")
    screens.append((place / "page.html").read_text())
    screens.append(typed("diagnose", "run", "few")[1])
    for screen in screens:
        assert "Warning: this rests on 6 articles; below 10," in " ".join(screen.split())
        assert screen.count("Warning: ") == 1


def test_ranks_that_no_article_is_long_enough_for_are_not_explained(typed):
    for command in (["baselines", "--data", WORLD], ["5cat", "few", "--data", OTHER]):
        short = " ".join(typed("eval", *command, "--min-article", 17)[1].split())
        assert "none has the 17 chunks that R@5 and MRR@10 need (--min-article)" in short
        assert "rank the true next chunk among" not in short
        long = " ".join(typed("eval", *command, "--min-article", 16)[1].split())
        assert "rank the true next chunk among" in long
        assert "none has" not in long


def test_an_undecided_verdict_says_how_many_tests_must_count(typed):
    _, out, _ = typed("eval", "5cat", "few", "--data", OTHER, "--min-article", 100)
    sentence = " ".join(out.partition("\n\n")[0].split())
    assert sentence.startswith("UNDECIDED by profile fair: at least 3 tests must count")
    assert "only" in sentence
