"""``POST /evaluate``, as the published dashboard was asked it (docs/dashboard.md#evaluate)."""

from __future__ import annotations

import random
import time
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Request
from pydantic import BaseModel, Field

from lvmctl_dashboard.catalogue import Unknown
from lvmctl_dashboard.ranking import Article, case, model_of, opened
from lvmctl_dashboard.site import site_of

router = APIRouter()


class EvaluateRequest(BaseModel):
    """What is asked.

    Attributes:
        models: names of runs.
        test_mode: taken and sent back.
        num_test_cases: windows of each run, each from another article.
        vec2text_steps, num_concepts: taken; texts are those of the store and a run reads its K.
        start_article_index: the first article.
        random_start: begin at an article drawn at random.
        evaluation_dataset: name of a store; empty is what the first run was trained on.
    """

    models: Annotated[list[str], Field(min_length=1, max_length=20)]
    test_mode: str = "both"
    num_test_cases: Annotated[int, Field(ge=1, le=200)] = 10
    vec2text_steps: Annotated[int, Field(ge=0)] = 1
    num_concepts: Annotated[int, Field(ge=1)] = 5
    start_article_index: Annotated[int, Field(ge=0)] = 0
    random_start: bool = False
    evaluation_dataset: str = ""


@router.post("/evaluate")
def evaluate(request: Request, asked: EvaluateRequest) -> dict[str, Any]:
    """Single predictions of some runs, with their means."""
    catalogue = site_of(request).catalogue
    runs = {name: catalogue.run(name) for name in asked.models}
    dataset = asked.evaluation_dataset or str(runs[asked.models[0]].data).partition("@")[0]
    stores = catalogue.stores()
    source = stores.get(dataset, dataset)
    if source not in stores.values():
        raise Unknown(f"there is no store {dataset!r}")
    store, _ = opened(source)
    start = (
        random.randrange(len(store.articles)) if asked.random_start else asked.start_article_index
    )
    results, aggregated = {}, {}
    for name, run in runs.items():
        model = model_of(run)
        cases: list[dict[str, Any]] = []
        for number in range(start, len(store.articles)):
            if len(cases) == asked.num_test_cases:
                break
            article = Article(model, source, number)
            if article.first <= article.last:
                begin = time.perf_counter()
                result = case(article, (article.first + article.last) // 2)
                cases.append(result | {"latency_ms": 1000 * (time.perf_counter() - begin)})
        results[name] = cases
        aggregated[name] = means(cases)
    counts = ", ".join(f"{len(cases)} of {name}" for name, cases in results.items())
    return {
        "status": "success",
        "test_mode": asked.test_mode,
        "results": results,
        "aggregated": aggregated,
        "timestamp": datetime.now(UTC).isoformat(),
        "message": f"test cases: {counts}",
    }


def means(cases: list[dict[str, Any]]) -> dict[str, Any]:
    """The means of the figures of some cases."""
    count = len(cases)
    mean = {
        key: sum(case[key] for case in cases) / count if count else None
        for key in ("cosine", "hit", "latency_ms")
    }
    return {
        "cases": count,
        "cosine": mean["cosine"],
        "r@5": mean["hit"],
        "latency_ms": mean["latency_ms"],
    }
