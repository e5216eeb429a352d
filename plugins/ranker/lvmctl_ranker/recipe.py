"""From P9's options to its model and losses."""

from __future__ import annotations

from lvmctl import Composition, Part
from lvmctl_ranker.options import ListwiseOptions, P9Options


def compose(options: P9Options) -> Composition:
    """P9: a ranker of the article's chunks and a mixture of the window."""
    negatives = options.query.negatives
    return Composition(
        model=Part("ranker/pool-ranker", options.ranker),
        losses=(
            Part("ranker/pool-rank", ListwiseOptions(negatives=negatives), options.w_rank),
            Part("ranker/pool-query", options.query, options.w_query),
        ),
        run_name={"c": options.context, "n": negatives},
    )
