"""P10 gains where texts go on, and nothing where they do not."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
import torch

from lvmctl import Windows, embed, open_split
from lvmctl.core.reporter import SILENT
from lvmctl.core.run_directory import RunDirectory
from lvmctl.evaluation.predictors import own_score
from lvmctl.evaluation.retrieval.ranks import in_article_ranks_by_score
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry
from lvmctl.training.backend import choose_backend
from lvmctl.training.loop import Training

K, CHUNKS = 3, 12
OPTIONS = {"context": K, "epochs": 2, "lr": 5e-3, "min_article": 6, "negatives": CHUNKS}


WORDS = ["".join(letters) for letters in product("bdfgklmn", "aeiou", "prstvz", "ao")]


def article(rng: np.random.Generator) -> list[str]:
    """Chunks that begin with words of the end of the one before, and share as many words in their
    middle with any other one."""
    words = rng.permutation(WORDS)[: 13 * CHUNKS].reshape(CHUNKS, 13)
    shared = rng.permutation(WORDS)[: 3 * CHUNKS].reshape(-1, 2, 3)[: CHUNKS // 2, 0]
    middle = rng.permutation(np.repeat(shared, 2, axis=0))
    carried, texts = words[0, :3], []
    for each, inner in zip(words, middle):
        texts.append(" ".join([*carried, *each[:5], *inner, *each[5:]]))
        carried = each[-3:]
    return texts


@pytest.fixture(scope="module")
def windows(tmp_path_factory):
    """``windows(seed, order)``: of a store of such articles, as they are, shuffled or reversed."""

    def make(seed: int, order: str = "") -> Windows:
        rng = np.random.default_rng(seed)
        articles = [article(rng) for _ in range(16)]
        if order == "shuffled":
            articles = [[each[n] for n in rng.permutation(CHUNKS)] for each in articles]
        if order == "reversed":
            articles = [each[::-1] for each in articles]
        out = tmp_path_factory.mktemp("store") / "s"
        options = {"min_texts": 1, "max_share": 1.0, "dim": 8}
        embed([{"text": each, "split": "train"} for each in articles], out=out, options=options)
        return Windows(open_split(f"{out}@train"), K, 1)

    return make


@pytest.fixture(scope="module")
def trained(windows, tmp_path_factory):
    """``trained(order)``: the score of P10 trained on such articles."""

    def train(order: str = ""):
        registry = load_registry()
        plan = make_plan(registry, "p10", [("test", OPTIONS)])
        run = RunDirectory.create(tmp_path_factory.mktemp("p10") / "run")
        both = windows(1, order), windows(2, order)
        training = Training(plan, registry, run, *both, choose_backend("cpu", "fp32"), SILENT)
        training.fit()
        return own_score(plan.model.entry, training.model.eval())

    return train


def found_first(score, data: Windows) -> float:
    """R@1 in the pool ``filtered``."""
    with torch.inference_mode():
        ranks, _ = in_article_ranks_by_score(data, np.arange(len(data)), score, ("filtered",))[
            "filtered"
        ]
    return float(np.mean(ranks <= 1))


def test_it_reads_on_and_not_backward(trained, windows):
    score = trained()
    assert found_first(score, windows(3)) > 0.8
    assert found_first(score, windows(3, "reversed")) < 0.7


def test_shuffled_articles_teach_nothing(trained, windows):
    found = found_first(trained("shuffled"), windows(3, "shuffled"))
    assert found == pytest.approx(1 / (CHUNKS - K), abs=0.06)
