"""What P9 is made of."""

from __future__ import annotations

from lvmctl_ranker.options import (
    GROUPS,
    ListwiseOptions,
    P9Options,
    QueryOptions,
    RankerOptions,
)
from lvmctl_ranker.recipe import compose

from lvmctl import TrainingOptions
from lvmctl.config import bind, describe
from lvmctl.registry import load_registry

OWN = {"negatives": 5, "temperature": 0.5, "w_rank": 2.0, "w_query": 0.25}


def test_every_option_arrives_where_it_works():
    ranker = {"hidden": 0, "dropout": 0.3, "without": ("rank", "shape")}
    bound = bind(P9Options, [("test", {"context": 7} | ranker | OWN)])
    composition = compose(bound.options)
    assert composition.model.options == RankerOptions(**ranker)
    assert [(part.name, part.options, part.weight) for part in composition.losses] == [
        ("ranker/pool-rank", ListwiseOptions(negatives=5), 2.0),
        ("ranker/pool-query", QueryOptions(negatives=5, temperature=0.5), 0.25),
    ]
    assert composition.run_name == {"c": 7, "n": 5}
    named = {info.short for info in describe(P9Options)}
    others = {info.short for cls in (TrainingOptions, RankerOptions) for info in describe(cls)}
    assert named - others == set(OWN)


def test_defaults_of_the_recipe_are_those_of_its_parts():
    registry, composition = load_registry(), compose(P9Options())
    parts = [("model", composition.model), *(("loss", part) for part in composition.losses)]
    for kind, part in parts:
        assert part.options == registry.get(kind, part.name).record.options()


def test_groups_are_left_out_by_name():
    options = bind(P9Options, [("--set", {"without": "rank,csls"})]).options
    assert options.ranker.without == ("rank", "csls")
    assert set(options.ranker.without) < set(GROUPS)
