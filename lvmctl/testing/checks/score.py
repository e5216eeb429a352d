"""Checks of a predictor's own ``score(context, pool)``, shared by models and baselines."""

from __future__ import annotations

from collections.abc import Callable

import torch
from hypothesis import strategies as st
from torch import Tensor

from lvmctl.core.batch import Pool
from lvmctl.sphere import unit
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject, check
from lvmctl.testing.examples import for_all
from lvmctl.testing.inputs.contexts import SHAPE, Contexts, normal

NEAR = 1e-3
"""How far apart equal scores may be, in widths of a row of scores."""

NARROW = 0.01
"""Added to that width, which is next to nothing for few candidates that are scored alike."""

EXAMPLES = 10
BATCH = st.integers(1, 4)
CHUNKS = st.integers(1, 9)
SEED = st.integers(0, 999)

Score = Callable[[Tensor, Pool], Tensor]


def score_checks(make: Callable[[Subject], object]) -> tuple[Check, ...]:
    """The checks of the ``score`` of what ``make`` makes of a subject, ready for use.

    They are skipped where it has none: candidates are then ranked by their cosine to q.
    """

    def own(subject: Subject) -> Score:
        score = getattr(make(subject), "score", None)
        if score is None:
            raise Skipped("it has no score of its own: candidates are ranked by cosine")
        return torch.inference_mode()(score)

    def on_copies(subject: Subject) -> Score:
        score = own(subject)

        def call(context: Tensor, pool: Pool) -> Tensor:
            return score(context.clone(), Pool(pool.vectors.clone(), pool.candidates.clone()))

        return call

    @check
    def score_for_each_candidate(subject: Subject) -> None:
        """`score(context, pool)` gives (B, N), finite where a chunk is a candidate."""
        score = on_copies(subject)

        def rule(batch: int, chunks: int, seed: int) -> None:
            context, pool = asked(batch, chunks, seed)
            found, wanted = score(context, pool), (batch, chunks)
            if not isinstance(found, Tensor) or tuple(found.shape) != wanted:
                what = tuple(found.shape) if isinstance(found, Tensor) else type(found).__name__
                raise CheckFailed(f"score returned {what}, not {wanted}")
            if not found[pool.candidates].isfinite().all():
                raise CheckFailed("the score of a candidate is not finite")

        for_all(rule, EXAMPLES, batch=BATCH, chunks=CHUNKS, seed=SEED)

    @check
    def score_leaves_its_input(subject: Subject) -> None:
        """`score` does not change the context or the pool it is given."""
        score = own(subject)

        def rule(batch: int, chunks: int, seed: int) -> None:
            context, pool = asked(batch, chunks, seed)
            score(context, pool)
            before, was = asked(batch, chunks, seed)
            for name, now, then in (
                ("the context", context, before),
                ("pool.vectors", pool.vectors, was.vectors),
                ("pool.candidates", pool.candidates, was.candidates),
            ):
                if not torch.equal(now, then):
                    raise CheckFailed(f"score changed {name}")

        for_all(rule, EXAMPLES, batch=BATCH, chunks=CHUNKS, seed=SEED)

    @check
    def score_ignores_the_order_of_the_pool(subject: Subject) -> None:
        """A chunk has the same score wherever it stands in the pool."""
        score = on_copies(subject)

        def rule(batch: int, chunks: int, seed: int) -> None:
            context, pool = asked(batch, chunks, seed)
            order = normal(seed + 1, chunks).argsort()
            moved = Pool(pool.vectors[order], pool.candidates[:, order])
            same(score(context, pool)[:, order], score(context, moved), moved.candidates)

        for_all(rule, EXAMPLES, batch=BATCH, chunks=CHUNKS, seed=SEED)

    @check
    def score_ignores_what_is_no_candidate(subject: Subject) -> None:
        """How candidates compare does not depend on the chunks that are none."""
        score = on_copies(subject)

        def rule(batch: int, chunks: int, seed: int) -> None:
            context, pool = asked(batch, chunks, seed)
            inside = pool.candidates[:1]  # one set for all, so that the others can be exchanged
            every = inside.expand(batch, -1)
            exchanged = torch.where(inside.T, pool.vectors, -pool.vectors.roll(1, dims=1))
            found = [score(context, Pool(v, every)) for v in (pool.vectors, exchanged)]
            same(*(placed(scores, every) for scores in found), every)

        for_all(rule, EXAMPLES, batch=BATCH, chunks=CHUNKS, seed=SEED)

    @check
    def score_ignores_other_contexts(subject: Subject) -> None:
        """The scores of a context do not depend on the other contexts of its batch."""
        score = on_copies(subject)

        def rule(batch: int, chunks: int, seed: int) -> None:
            context, pool = asked(batch, chunks, seed)
            alone = [
                score(context[row : row + 1], Pool(pool.vectors, pool.candidates[row : row + 1]))
                for row in range(batch)
            ]
            same(score(context, pool), torch.cat(alone), pool.candidates)

        for_all(rule, EXAMPLES, batch=BATCH, chunks=CHUNKS, seed=SEED)

    return (
        score_for_each_candidate,
        score_leaves_its_input,
        score_ignores_the_order_of_the_pool,
        score_ignores_what_is_no_candidate,
        score_ignores_other_contexts,
    )


def asked(batch: int, chunks: int, seed: int) -> tuple[Tensor, Pool]:
    """Contexts (B, K, D) and a pool of N chunks, of which each has one or more candidates."""
    vectors = unit(normal(seed, chunks, SHAPE.dim))
    candidates = normal(seed + 2, batch, chunks) > 0
    candidates[:, 0] = True
    return Contexts(batch=batch, seed=seed).tensor(), Pool(vectors, candidates)


def same(first: Tensor, second: Tensor, candidates: Tensor) -> None:
    """CheckFailed where two scores (B, N) of a candidate differ by more than rounding."""
    lowest, width = span(first, candidates)
    size = width + lowest.abs() / 100 + NARROW
    gap = torch.where(candidates, (first - second).abs(), 0.0)
    if not (gap <= NEAR * size).all():
        raise CheckFailed(f"scores differ by up to {gap.amax():.3g}")


def placed(scores: Tensor, candidates: Tensor) -> Tensor:
    """Scores (B, N) on a scale from 0 to 1 of the candidates: what is left of them in a ranking."""
    lowest, width = span(scores, candidates)
    return torch.where(width > 0, (scores - lowest) / width, 0.0)


def span(scores: Tensor, candidates: Tensor) -> tuple[Tensor, Tensor]:
    """Lowest score of a row's candidates and the width of their range, (B, 1) each."""
    lowest = torch.where(candidates, scores, torch.inf).amin(dim=1, keepdim=True)
    highest = torch.where(candidates, scores, -torch.inf).amax(dim=1, keepdim=True)
    return lowest, highest - lowest
