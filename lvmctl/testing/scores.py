"""The checks of a predictor's own ``score(context, pool)``, which models and baselines share."""

from __future__ import annotations

from collections.abc import Callable

import torch
from hypothesis import strategies as st
from torch import Tensor

from lvmctl.core.batch import Pool
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check, for_all, form
from lvmctl.testing.contexts import normal
from lvmctl.testing.pools import of_context, pool_of, pooled, reads_of, reordered
from lvmctl.testing.predictors import Kind

ROUNDING = 1e-3
"""How far apart equal scores may be, in widths of a row of scores."""

NARROW = 0.01
"""Added to that width, which is next to nothing for few candidates that are scored alike."""

Score = Callable[[Tensor, Pool], Tensor]


def score_checks(kind: Kind, may_read: bool = False) -> tuple[Check, ...]:
    """The checks of a predictor's own ``score(context, pool)``, which ``may_read`` more than
    vectors.

    They are skipped where it has none: candidates are then ranked by their cosine to q.
    """

    def tried(subject: Subject, rule: Callable[[Score, Tensor, Pool], None]) -> None:
        """Call ``rule`` with the score, contexts and pools of several sizes."""
        score = getattr(kind.many(subject)(), "score", None)
        if score is None:
            raise Skipped("it has no score of its own: candidates are ranked by cosine")

        def one_pool(batch: int, chunks: int, seed: int) -> None:
            with torch.inference_mode():
                rule(score, *pooled(subject, batch, chunks, seed))

        sizes = {"batch": st.integers(1, 4), "chunks": st.integers(1, 9)}
        for_all(one_pool, 10, **sizes, seed=st.integers(0, 999))

    @check
    def score_for_each_candidate(subject: Subject) -> None:
        """`score(context, pool)` gives (B, N), finite where a chunk is a candidate, and does not
        change the context or the pool it is given."""

        def rule(score: Score, context: Tensor, pool: Pool) -> None:
            before = [tensor.clone() for tensor in (context, pool.vectors, pool.candidates)]
            scores, shape = score(context, pool), tuple(pool.candidates.shape)
            if not isinstance(scores, Tensor) or tuple(scores.shape) != shape:
                raise CheckFailed(f"score returned {form(scores)}, not {shape}")
            after = {"the context": context, "pool.vectors": pool.vectors}
            after["pool.candidates"] = pool.candidates
            for (name, tensor), unchanged in zip(after.items(), before):
                if not torch.equal(tensor, unchanged):
                    raise CheckFailed(f"score changed {name}")
            if not scores[pool.candidates].isfinite().all():
                raise CheckFailed("the score of a candidate is not finite")

        tried(subject, rule)

    @check
    def score_ignores_the_order_of_the_pool(subject: Subject) -> None:
        """A chunk has the same score wherever it stands in the pool."""

        def rule(score: Score, context: Tensor, pool: Pool) -> None:
            order = normal(len(context), len(pool.vectors)).argsort()
            moved = reordered(pool, order)
            before = score(context, pool)[:, order]
            require_same_scores(before, score(context, moved), moved.candidates)

        tried(subject, rule)

    @check
    def score_ignores_what_is_no_candidate(subject: Subject) -> None:
        """How candidates compare does not depend on the chunks that are none."""

        def rule(score: Score, context: Tensor, pool: Pool) -> None:
            inside = pool.candidates[:1]  # one set for all, so that the others can be exchanged
            candidates = inside.expand(len(context), -1)
            exchanged = torch.where(inside.T, pool.vectors, -pool.vectors.roll(1, dims=1))
            pools = (pool_of(subject, context, v, candidates) for v in (pool.vectors, exchanged))
            scores = [score(context, each) for each in pools]
            require_same_scores(*(placed(s, candidates) for s in scores), candidates)

        tried(subject, rule)

    @check
    def score_ignores_other_contexts(subject: Subject) -> None:
        """The scores of a context do not depend on the other contexts of its batch."""

        def rule(score: Score, context: Tensor, pool: Pool) -> None:
            rows = enumerate(context.split(1))
            alone = torch.cat([score(one, of_context(pool, row)) for row, one in rows])
            require_same_scores(score(context, pool), alone, pool.candidates)

        tried(subject, rule)

    @check
    def reads_what_it_declares(subject: Subject) -> None:
        """`score` reads of `pool.window` and `pool.chunks` what `reads` names, and no less; which
        rows the chunks have in their store, and so where they stand, changes no score."""
        if not reads_of(subject):
            raise Skipped("it reads nothing beside vectors")

        def rule(score: Score, context: Tensor, pool: Pool) -> None:
            before = score(context, pool)
            chunks = context[..., 0].numel() + len(pool.vectors)
            order = normal(len(pool.vectors), chunks).argsort()
            moved = pool_of(subject, context, pool.vectors, pool.candidates, order)
            if unread := sorted({*reads_of(subject)} - pool.chunks.source.was_read):
                raise CheckFailed(f"`reads` names {', '.join(unread)}, which score does not read")
            require_same_scores(before, score(context, moved), pool.candidates)

        tried(subject, rule)

    common = (
        score_for_each_candidate,
        score_ignores_the_order_of_the_pool,
        score_ignores_what_is_no_candidate,
        score_ignores_other_contexts,
    )
    return (*common, reads_what_it_declares) if may_read else common


def require_same_scores(first: Tensor, second: Tensor, candidates: Tensor) -> None:
    """CheckFailed where two scores (B, N) of a candidate differ by more than rounding."""
    lowest, width = span(first, candidates)
    size = width + lowest.abs() / 100 + NARROW
    apart = torch.where(candidates, (first - second).abs(), 0.0)
    if not (apart <= ROUNDING * size).all():
        raise CheckFailed(f"scores differ by up to {apart.amax():.3g}")


def placed(scores: Tensor, candidates: Tensor) -> Tensor:
    """Scores (B, N) on a scale from 0 to 1 of the candidates: what is left of them in a ranking."""
    lowest, width = span(scores, candidates)
    return torch.where(width > 0, (scores - lowest) / width, 0.0)


def span(scores: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor]:
    """Lowest score of a row's candidates and the width of their range, (B, 1) each."""
    lowest = torch.where(candidates, scores, torch.inf).amin(dim=1, keepdim=True)
    highest = torch.where(candidates, scores, -torch.inf).amax(dim=1, keepdim=True)
    return lowest, highest - lowest
