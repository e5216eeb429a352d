"""From P9's options to its model and losses."""

from __future__ import annotations

from dataclasses import fields

from lvmctl.plugins import Composition, Part
from lvmctl_ranker.options import P9Options, RankerOptions


def compose(options: P9Options) -> Composition:
    """P9: a ranker of the article's chunks and a mixture of the window."""
    model = {field.name: getattr(options, field.name) for field in fields(RankerOptions)}
    scores = {"negatives": options.negatives}
    query = scores | {"temperature": options.temperature}
    return Composition(
        model=Part("ranker/pool-ranker", model),
        losses=(
            Part("ranker/pool-rank", scores, options.w_rank),
            Part("ranker/pool-query", query, options.w_query),
        ),
        run_name={"c": options.context, "n": options.negatives},
    )
