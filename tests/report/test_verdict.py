from __future__ import annotations

import re

import pytest
from report.saved import fivecat, gate

from lvmctl.report.verdict import section


def row(make_inputs, shown: dict) -> list[str]:
    """The words of each cell of a gate's row."""
    result = fivecat()
    result["verdict"]["gates"] = [shown]
    (line,) = re.findall("<tr>.*?</tr>", str(section(make_inputs(result)).body), re.DOTALL)[1:]
    cells = re.findall("<t[hd][^>]*>(.*?)</t[hd]>", line, re.DOTALL)
    return [re.sub(r"<[^>]*>", "", cell).strip() for cell in cells]


def test_a_gate_is_shown_with_both_rules_its_ceiling_and_chance(make_inputs):
    record = gate("fair-r5", "in_article.filtered.r@5", "MARGINAL", category="B", against="direct")
    assert row(make_inputs, record) == [
        "B fair-r5",
        "≈ MARGINAL",
        "in_article.filtered.r@5 ≥ direct + .200",
        "-.021 FAIL [-.040, .000]",
        ".031 PASS [.012, .049]",
        ".550 cone-oracle",
        ".028",
        ".001",
    ]


def test_what_is_not_there_leaves_its_cell_empty(make_inputs):
    nothing = {"metric": "x", "value": None, "ci": None, "status": "ABSENT"}
    record = gate("a", "order_accuracy", "ABSENT", ceiling=None, random=None, direct=None)
    record |= {"fair": nothing, "optional": True}
    cells = row(make_inputs, record)
    assert cells[0] == "a (optional)"
    assert cells[4:] == ["- ABSENT", "", "-", "-"]


def test_the_headline_is_k_of_n(make_inputs):
    body = section(make_inputs()).body
    assert "<strong>✗ FAIL</strong> 1 of 3 counted tests passed, 3 needed (profile fair)" in body
    assert "<li>A <b" in body
    assert "<li>fair-rollout: INFEASIBLE, wiener has 0.3120</li>" in body
    assert body.count("<tr>") == 1 + 5
    heads = re.findall(r'scope="col">([^<]*)<', body)
    assert heads[:4] == ["gate", "verdict", "asks", "published rule"]
    assert heads[4:] == ["fair rule", "ceiling", "direct", "random"]


def test_without_reasons_there_is_no_list_of_them(make_inputs):
    result = fivecat()
    for each in result["verdict"]["gates"]:
        each["why"] = ""
    assert section(make_inputs(result)).body.count("<ul") == 1


def test_an_undecided_verdict_says_how_many_tests_must_count(make_inputs):
    result = fivecat()
    tests = dict.fromkeys("ABCD", "ABSENT") | {"E": "FAIL"}
    result["verdict"] |= {"outcome": "UNDECIDED", "tests": tests, "counted": 1, "passed": 0}
    body = " ".join(str(section(make_inputs(result)).body).split())
    assert "at least 3 tests must count for a verdict, and of 5 only 1 did (0 passed)" in body


@pytest.mark.parametrize(("articles", "warns"), [(9, True), (10, False)])
def test_a_verdict_on_few_articles_is_warned_of(make_inputs, articles, warns):
    body = str(section(make_inputs(fivecat() | {"articles": articles})).body)
    assert (f"Warning: this rests on {articles} articles" in body) is warns
