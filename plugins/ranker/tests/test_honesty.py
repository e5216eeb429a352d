"""A ranker finds nothing where there is nothing to find.

Each world is trained on and then measured on articles of another seed. Differences to ``direct``
are means over articles, and are held against their standard error.
"""

from __future__ import annotations

from itertools import chain

import numpy as np
import pytest
import torch
from lvmctl_ranker.model import Ranker

from lvmctl import Pool, Windows
from lvmctl.core.reporter import SILENT
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data.synthetic.worlds import World, simulate
from lvmctl.evaluation.retrieval.ranks import in_article_ranks_by_score
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry
from lvmctl.testing.samples import split_of
from lvmctl.training.backend import choose_backend
from lvmctl.training.loop import Training

K, CHUNKS, ARTICLES = 5, 20, 40
OPTIONS = {"context": K, "epochs": 2, "lr": 3e-3, "min_article": 6, "negatives": CHUNKS - K - 1}


def windows(name: str, seed: int, order: str = "", articles: int = ARTICLES) -> Windows:
    """Windows of a world whose articles are ``shuffled`` or ``reversed``, or as they are."""
    world = World(name, articles=articles, chunks=CHUNKS, dim=16, a=0.2, seed=seed)
    made, rng = list(chain.from_iterable(simulate(world))), np.random.default_rng(seed)
    if order == "shuffled":
        made = [rng.permutation(article) for article in made]
    if order == "reversed":
        made = [article[::-1] for article in made]
    return Windows(split_of(made), K, 1)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """``trained(world, order)``: a ranker trained on such articles."""

    def train(name: str, order: str = "") -> Ranker:
        registry = load_registry()
        plan = make_plan(registry, "p9", [("test", OPTIONS)])
        run = RunDirectory.create(tmp_path_factory.mktemp("p9") / "run")
        both = windows(name, 1, order), windows(name, 2, order, articles=20)
        training = Training(plan, registry, run, *both, choose_backend("cpu", "fp32"), SILENT)
        training.fit()
        return training.model.eval()

    return train


def direct(context: torch.Tensor, pool: Pool) -> torch.Tensor:
    return context[:, -1] @ pool.vectors.T


def found_in_five(score, data: Windows) -> np.ndarray:
    """(A,) R@5 of each article, pool ``filtered``."""
    index = np.arange(len(data))
    ranks, _ = in_article_ranks_by_score(data, index, score, ("filtered",))["filtered"]
    return np.array([np.mean(ranks[data.article == a] <= 5) for a in np.unique(data.article)])


def surely(gain: np.ndarray) -> tuple[float, float]:
    """Mean over articles, and four standard errors of it."""
    return gain.mean(), 4 * gain.std() / np.sqrt(len(gain))


@pytest.mark.parametrize(("name", "order"), [("iid", ""), ("topic", "shuffled")])
def test_without_an_order_there_is_no_gain_and_only_chance(trained, name, order):
    data, ranker = windows(name, 3, order), trained(name, order)
    ours, theirs = found_in_five(ranker.score, data), found_in_five(direct, data)
    gain, error = surely(ours - theirs)
    assert abs(gain) < error
    chance, error = surely(ours - 5 / (CHUNKS - K))
    assert abs(chance) < error


def test_a_reversible_world_has_no_direction_to_gain_from(trained):
    ranker = trained("ar1")
    forward, backward = (
        found_in_five(ranker.score, windows("ar1", 3, order)) for order in ("", "reversed")
    )
    gain, error = surely(forward - backward)
    assert abs(gain) < error
    assert 0.5 < forward.mean() < 0.95


def test_a_label_drawn_at_random_is_found_by_chance(trained):
    data, rng = windows("topic", 3), np.random.default_rng(0)
    ranker, places = trained("topic"), []
    for article in range(20):
        index = np.flatnonzero(data.article == article)
        context = torch.from_numpy(data.context(index))
        vectors = torch.from_numpy(data.split.vectors[article * CHUNKS : (article + 1) * CHUNKS])
        candidates = torch.ones(len(index), CHUNKS, dtype=torch.bool)
        inside = torch.from_numpy(data.position[index])[:, None] + torch.arange(K)
        candidates.scatter_(1, inside, False)
        order = torch.from_numpy(rng.permutation(CHUNKS))
        pool = Pool(vectors[order], candidates[:, order])
        with torch.inference_mode():
            scores = ranker.score(context, pool).masked_fill(~pool.candidates, -torch.inf)
        # The first candidate of a shuffled pool is any of them.
        drawn = pool.candidates.float().argmax(dim=1, keepdim=True)
        places.append(((scores > scores.gather(1, drawn)).sum(dim=1) < 5).float().mean().item())
    excess, error = surely(np.array(places) - 5 / (CHUNKS - K))
    assert abs(excess) < error
