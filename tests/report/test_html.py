from __future__ import annotations

from lvmctl.report.html import Html, escape, figure, joined, table, tag


def test_text_is_escaped_once_and_html_is_left_alone():
    assert escape("<b> & \"'") == "&lt;b&gt; &amp; &quot;&#x27;"
    assert escape(escape("<b>")) == "&lt;b&gt;"
    assert tag("p", tag("b", "<x>")) == "<p><b>&lt;x&gt;</b></p>"
    assert joined(["<", Html("<br>")], "") == "&lt;<br>"


def test_what_no_page_can_hold_is_replaced():
    assert escape("a\x00b\ud800c") == "a\ufffdb\ufffdc"
    assert escape("a\nb\tc\u00a0d") == "a b c d"


def test_attributes_are_escaped_and_named_as_in_html():
    found = tag("div", "", class_="a", aria_label='"><script>')
    assert found == '<div class="a" aria-label="&quot;&gt;&lt;script&gt;"></div>'


def test_a_table_says_what_its_headings_are_for():
    found = table(
        "Gates <1>", ("gate", "value"), [("r5", figure(".2", "PASS", interval="[.1, .3]"))]
    )
    assert "<caption>Gates &lt;1&gt;</caption>" in found
    assert '<th scope="col">gate</th><th scope="col">value</th>' in found
    assert '<th scope="row">r5</th>' in found
    assert '<td><span class="figure">.2 PASS <small>[.1, .3]</small></span></td>' in found
    assert found.startswith(
        '<div class="scroll" role="region" aria-label="Gates &lt;1&gt;" tabindex'
    )
