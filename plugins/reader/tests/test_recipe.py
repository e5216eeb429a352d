"""P10 with its texts and without."""

from __future__ import annotations

from lvmctl_ranker.options import RankerOptions
from lvmctl_reader.options import P10Options, ReaderOptions
from lvmctl_reader.recipe import compose


def test_p10_is_p9_with_a_model_that_reads():
    made = compose(P10Options())
    assert made.model.name == "reader/text-ranker"
    assert [part.name for part in made.losses] == ["ranker/pool-rank", "ranker/pool-query"]


def test_without_texts_it_is_p9s_part_and_says_so():
    ranker = ReaderOptions(hidden=4, without=("rank", "style"))
    made = compose(P10Options(read=False, ranker=ranker))
    assert made.model.name == "ranker/pool-ranker"
    assert made.model.options == RankerOptions(hidden=4, members=3, without=("rank",))
    assert made.run_name["read"] == "false"
