"""A run put to the test by hand: an article of a store, or pasted texts."""

from __future__ import annotations

from typing import Any

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.responses import Response

from lvmctl_dashboard.catalogue import Catalogue
from lvmctl_dashboard.ranking import HIT, Article, model_of, paragraphs, ranked_texts
from lvmctl_dashboard.runs_page import row_of
from lvmctl_dashboard.site import form_of, site_of

router = APIRouter(include_in_schema=False)

MAX_SHOWN = 20
"""Candidates that are shown; the true one is shown besides."""

MAX_TEXTS = 200
"""Pasted texts that are ranked."""

NOTHING: dict[str, Any] = {"run": "", "store": "", "before": "", "pasted": "", "step": None,
                           "ranked": None}  # fmt: skip


@router.get("/try")
def step(
    request: Request, run: str = "", store: str = "", article: int = 0, at: int = 0
) -> Response:
    """The forms; with a run and a store, the ranking at one place of an article."""
    site = site_of(request)
    shown = NOTHING | {"run": run, "store": store}
    if run and store:
        model = model_of(site.catalogue.run(run))
        read = Article(model, site.catalogue.store(store), article)
        shown["step"] = step_of(read, at)
    return site.page(request, "try.html", **lists(site.catalogue), **shown)


@router.post("/try")
async def texts(request: Request) -> Response:
    """Pasted texts, ranked for the place after other pasted texts."""
    site, form = site_of(request), await form_of(request)
    run, before, candidates = form.text("run"), form.text("before"), form.text("candidates")
    read, among = paragraphs(before), paragraphs(candidates)
    if not read or len(among) < 2:
        raise HTTPException(422, "give at least one paragraph before and two candidates")
    if len(read) + len(among) > MAX_TEXTS:
        raise HTTPException(422, f"give at most {MAX_TEXTS} paragraphs")
    summary = site.catalogue.run(run)
    ranked = await run_in_threadpool(lambda: ranked_texts(model_of(summary), read, among))
    shown = NOTHING | {"run": run, "before": before, "pasted": candidates, "ranked": ranked}
    return site.page(request, "try.html", **lists(site.catalogue), **shown)


def lists(catalogue: Catalogue) -> dict[str, Any]:
    """The runs and stores that can be chosen."""
    runs = [row_of(run) for run in catalogue.runs() if (run.path / "best_model.pt").is_file()]
    return {"runs": runs, "stores": list(catalogue.stores())}


def step_of(article: Article, at: int) -> dict[str, Any]:
    """The ranking at one place, and the ranks around it."""
    if article.last < article.first:
        raise HTTPException(422, f"article {article.number} has no place with a whole context")
    at = min(max(at, article.first), article.last)
    ranked = article.ranked(at)
    true = next(candidate for candidate in ranked if candidate.true)
    ranks = article.ranks(at)
    return {
        "title": article.entry["title"],
        "article": article.number,
        "articles": article.count,
        "at": at,
        "first": article.first,
        "last": article.last,
        "read": [(place, article.text(place)) for place in article.context(at)],
        "true": true,
        "hit": true.rank <= HIT,
        "direct": article.direct_rank(at),
        "count": len(ranked),
        "ranked": ranked[:MAX_SHOWN] + [true] * (true not in ranked[:MAX_SHOWN]),
        "ranks": ranks,
        "hits": sum(rank <= HIT for _, rank in ranks),
    }
