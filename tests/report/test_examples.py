from __future__ import annotations

import pytest
from report.saved import fivecat
from report.store_texts import TEXTS, with_examples, write_texts

from lvmctl.report.examples import LENGTH, section
from lvmctl.report.section import Missing


def test_hits_and_misses_stand_there_with_their_texts(make_inputs, tmp_path):
    store = write_texts(tmp_path / "store")
    body = section(make_inputs(with_examples(fivecat(), store))).body
    assert body.count("<dl>") == 2
    assert body.count("<dt>") == 2 + 3  # a hit's true next chunk is the one ranked first
    assert "two &lt;b&gt;" in body
    assert "Of &amp; on: rank 1 of 1,234" in body
    assert "rank 1000.5 of 1,234" in body
    assert "1 of 2,000 misses" in body
    assert "<dd>four lines</dd>" in body


def test_a_long_text_is_cut_off(make_inputs, tmp_path):
    store = write_texts(tmp_path / "store")
    body = section(make_inputs(with_examples(fivecat(), store))).body
    (long,) = [part for part in body.split("<dd>") if "word word" in part]
    assert long.partition("</dd>")[0].endswith("…")
    assert len(long.partition("</dd>")[0]) <= LENGTH


@pytest.mark.parametrize(
    ("made", "why"),
    [
        (None, "gone or has changed"),
        ({"content_hash": "sha256:" + "00" * 32}, "gone or has changed"),
        ({"texts": TEXTS[:2]}, "gone or has changed"),
        ({"texts": None}, "has no texts"),
    ],
)
def test_without_the_texts_it_is_left_out(make_inputs, tmp_path, made, why):
    if made is not None:
        write_texts(tmp_path / "store", **made)
    shown = section(make_inputs(with_examples(fivecat(), tmp_path / "store")))
    assert isinstance(shown, Missing)
    assert why in shown.why


def test_a_result_without_examples_says_how_to_get_some(make_inputs):
    shown = section(make_inputs())
    assert isinstance(shown, Missing)
    assert "eval 5cat" in shown.why
    none = {kind: {"count": 0, "shown": []} for kind in ("hits", "misses")}
    assert isinstance(section(make_inputs(fivecat() | {"examples": none}, name="b")), Missing)
