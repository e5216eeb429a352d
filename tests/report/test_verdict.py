from __future__ import annotations

import re

from report.saved import fivecat, gate

from lvmctl.report.verdict import asks, gate_row, section, word


def cells(text: str) -> list[str]:
    """The words of a row."""
    return [re.sub(r"<[^>]*>", "", str(cell)) for cell in text]


def test_a_gate_is_shown_with_both_rules_its_ceiling_and_chance():
    found = gate("fair-r5", "in_article.filtered.r@5", "MARGINAL", category="B", against="direct")
    assert cells(gate_row(found)) == [
        "B fair-r5",
        "≈ MARGINAL",
        "in_article.filtered.r@5 ≥ direct + .200",
        "-.021 FAIL [-.040, .000]",
        ".031 PASS [.012, .049]",
        ".550 cone-oracle",
        ".028",
        ".001",
    ]


def test_what_is_not_there_leaves_its_cell_empty():
    nothing = {"metric": "x", "value": None, "ci": None, "status": "ABSENT"}
    found = gate("a", "order_accuracy", "ABSENT", ceiling=None, random=None, direct=None)
    found |= {"fair": nothing, "optional": True}
    row = cells(gate_row(found))
    assert row[0] == "a (optional)"
    assert row[4:] == ["- ABSENT ", "", "-", "-"]


def test_what_a_gate_asks_is_said_in_full():
    def said(**details):
        return asks(gate("g", "m", "PASS", **details))

    assert said() == "m ≥ .200"
    assert said(op="<=", bound=-0.15) == "m ≤ -.150"
    assert said(against="direct", bound=0.1) == "m ≥ direct + .100"
    assert said(against="direct", bound=-0.1) == "m ≥ direct - .100"
    assert said(against="direct", bound=0.0) == "m > direct"
    assert said(against="wiener", bound=0.0, op="<=") == "m < wiener"
    assert said(split="ood") == "m ≥ .200 on OOD text"


def test_a_verdict_is_a_word_not_only_a_sign_or_a_style():
    assert word("PASS") == '<b class="pass">✓ PASS</b>'
    assert [word(s)[-len(s) - 6 : -4] for s in ("FAIL", "VACUOUS")] == ["✗ FAIL", "– VACUOUS"]


def test_the_headline_is_k_of_n(make_inputs):
    body = section(make_inputs()).body
    assert "<strong>✗ FAIL</strong> 1 of 3 counted tests passed, 3 needed (profile fair)" in body
    assert "<li>A <b" in body
    assert "<li>fair-rollout: INFEASIBLE, wiener has 0.3120</li>" in body
    assert body.count("<tr>") == 1 + 5
    heads = re.findall(r'scope="col">([^<]*)<', body)
    assert heads[:4] == ["gate", "verdict", "asks", "seed rule"]
    assert heads[4:] == ["fair rule", "ceiling", "direct", "random"]


def test_without_reasons_there_is_no_list_of_them(make_inputs):
    found = fivecat()
    for one in found["verdict"]["gates"]:
        one["why"] = ""
    assert "<ul></ul>" not in section(make_inputs(found)).body
