from __future__ import annotations

import pytest

from lvmctl.report.html import Html, asks, environment, printable, render, sign


def filled(text: str, **values: object) -> str:
    """``text`` as a template that has the macros."""
    first = '{% from "macros.html" import figure, table, word %}'
    return environment().from_string(first + text).render(values)


def test_text_is_escaped_once_and_html_is_left_alone():
    assert filled("{{ a }}{{ b }}", a="<b> & \"'", b=Html("<br>")) == (
        "&lt;b&gt; &amp; &#34;&#39;<br>"
    )
    assert render("plot.html", plot=Html("<svg></svg>"), sentences=["<a", "b"]) == (
        "<figure><svg></svg>\n<figcaption>&lt;a b</figcaption></figure>"
    )


def test_what_no_page_can_hold_is_replaced():
    assert filled("{{ a }}", a="a\x00b\ud800c") == "a\ufffdb\ufffdc"
    assert printable("a\nb\tc\u00a0d") == "a b c d"


def test_what_is_not_there_is_an_error():
    with pytest.raises(LookupError, match="sentences"):
        render("plot.html", plot="")


def test_attributes_are_escaped():
    text = filled("{{ table(name, ()) }}", name='"><script>')
    assert 'aria-label="&#34;&gt;&lt;script&gt;"' in text


def test_a_table_says_what_its_headings_are_for():
    text = filled("{{ table('Gates <1>', ('gate', 'value'), [('r5', '.2')]) }}")
    assert "<caption>Gates &lt;1&gt;</caption>" in text
    assert '<th scope="col">gate</th><th scope="col">value</th>' in text
    assert '<tr><th scope="row">r5</th><td>.2</td></tr>' in text
    assert text.startswith(
        '<div class="scroll" role="region" aria-label="Gates &lt;1&gt;" tabindex'
    )


def test_a_figure_stands_on_one_line_with_its_interval():
    assert filled("{{ figure('.2', '[.1, .3]', 'PASS') }}") == (
        '<span class="figure">.2 PASS <small>[.1, .3]</small></span>'
    )
    assert filled("{{ figure('.2', '') }}") == '<span class="figure">.2 <small></small></span>'


def test_a_verdict_is_a_word_not_only_a_sign_or_a_style():
    assert filled("{{ word('PASS') }}") == '<b class="pass">✓ PASS</b>'
    assert [sign(status) for status in ("FAIL", "MARGINAL", "VACUOUS")] == ["✗", "≈", "–"]


def test_what_a_gate_asks_is_reported_in_full():
    def described(**details):
        gate = {"metric": "m", "op": ">=", "bound": 0.2, "against": "", "split": "val"}
        return asks(gate | details)

    assert described() == "m ≥ .200"
    assert described(op="<=", bound=-0.15) == "m ≤ -.150"
    assert described(against="direct", bound=0.1) == "m ≥ direct + .100"
    assert described(against="direct", bound=-0.1) == "m ≥ direct - .100"
    assert described(against="direct", bound=0.0) == "m > direct"
    assert described(against="wiener", bound=0.0, op="<=") == "m < wiener"
    assert described(split="ood") == "m ≥ .200 on OOD text"
