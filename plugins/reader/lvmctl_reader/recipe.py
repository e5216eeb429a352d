"""From P10's options to its model and losses."""

from __future__ import annotations

from dataclasses import replace

from lvmctl_ranker.options import RankerOptions
from lvmctl_ranker.recipe import compose as compose_p9

from lvmctl import Composition, Part
from lvmctl_reader.options import TEXT_GROUPS, P10Options


def compose(options: P10Options) -> Composition:
    """P10: P9 with a model that reads texts too, or P9's own model."""
    p9 = compose_p9(options)
    if options.read:
        name = p9.run_name | ({"continuation": "true"} if options.ranker.continuation else {})
        return replace(p9, model=Part("reader/text-ranker", options.ranker), run_name=name)
    own = options.ranker
    without = tuple(name for name in own.without if name not in TEXT_GROUPS)
    ranker = RankerOptions(
        hidden=own.hidden, dropout=own.dropout, members=own.members, without=without
    )
    model = Part("ranker/pool-ranker", ranker)
    return replace(p9, model=model, run_name=p9.run_name | {"read": "false"})
