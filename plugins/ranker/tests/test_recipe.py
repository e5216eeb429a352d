"""What P9 is made of."""

from __future__ import annotations

from lvmctl_ranker.options import GROUPS, P9Options, RankerOptions
from lvmctl_ranker.recipe import compose

from lvmctl.config import bind, describe
from lvmctl.plugins import TrainingOptions
from lvmctl.registry import load_registry

OWN = {"negatives": 5, "temperature": 0.5, "w_rank": 2.0, "w_query": 0.25}


def test_every_option_arrives_where_it_works():
    groups = ("rank", "shape")
    composition = compose(P9Options(context=7, hidden=0, dropout=0.3, without=groups, **OWN))
    assert composition.model.options == {"hidden": 0, "dropout": 0.3, "without": groups}
    assert [(part.name, part.options, part.weight) for part in composition.losses] == [
        ("ranker/pool-rank", {"negatives": 5}, 2.0),
        ("ranker/pool-query", {"negatives": 5, "temperature": 0.5}, 0.25),
    ]
    assert composition.run_name == {"c": 7, "n": 5}
    named = {info.name for info in describe(P9Options)}
    others = {info.name for cls in (TrainingOptions, RankerOptions) for info in describe(cls)}
    assert named - others == set(OWN)


def test_defaults_of_the_recipe_are_those_of_its_parts():
    registry, composition = load_registry(), compose(P9Options())
    parts = [("model", composition.model), *(("loss", part) for part in composition.losses)]
    for kind, part in parts:
        cls = registry.get(kind, part.name).record.options
        assert bind(cls, [("recipe", part.options)]).options == cls()


def test_groups_are_left_out_by_name():
    options = bind(P9Options, [("--set", {"without": "rank,csls"})]).options
    assert options.without == ("rank", "csls")
    assert set(options.without) < set(GROUPS)
