"""Predictions as a reader sees them: the verdict, then the candidates with their texts."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from lvmctl.core.formatting import count, number, paragraph, percent, table

if TYPE_CHECKING:
    from lvmctl.api.predicting import Candidate, Predicted

LENGTH = 150
"""Characters of a text that are shown without ``--full``."""

LISTED = 20
"""Predictions that are listed without ``--full``."""

NEXT = "← came next"

ALIKE = 1e-6
"""Scores that differ by less are of equal vectors, but for rounding."""


class Summary:
    """Predictions as they come: how often what came next is among the first, and in ``answers`` all
    of them (``every``) or those that are shown."""

    def __init__(self, answers: Iterable[Predicted], every: bool) -> None:
        self.answers: list[Predicted] = []
        self.count = 0
        ranks = []
        for one in answers:
            self.count += 1
            if one.next is not None:
                ranks.append(one.next["rank"])
            if every or len(self.answers) < LISTED:
                self.answers.append(one)
        self.metrics: dict[str, Any] = {"known": len(ranks)}
        if ranks:
            for k in (1, 5, 10):
                self.metrics[f"r@{k}"] = sum(rank <= k for rank in ranks) / len(ranks)
            within = sum(1 / rank for rank in ranks if rank <= 10)
            self.metrics["mrr@10"] = within / len(ranks)


def rendered(summary: Summary, top: int, full: bool) -> str:
    """All of it, of one prediction the ``top`` best texts."""
    if summary.count == 1:
        return single(summary.answers[0], top, full)
    return many(summary, full)


def single(one: Predicted, top: int, full: bool) -> str:
    """One prediction: what came next and where it stands, the context, the candidates."""
    lines, best = [], by_text(one)[:top]
    if one.candidates:
        lines += [paragraph(verdict(one)), ""]
    if one.decoded is not None:
        cosine = one.decoded["cosine"]
        beside = "" if cosine is None else f" (cos {number(cosine)})"
        lines += [paragraph(f"In words{beside}: {one.decoded['text']}", "  "), ""]
    if one.context is not None:
        lines += [paragraph(f"After: {shortened(one.context[-1], full)}", "  "), ""]
    if one.candidates:
        lines += [candidates(best, full), ""]
    listed = any(each.next for some in best for each in some)
    if one.next is not None and one.next["text"] is not None and not listed:
        lines += [paragraph(f"What came next: {shortened(one.next['text'], full)}", "  ")]
    return "\n".join(lines).rstrip()


def verdict(one: Predicted) -> str:
    """The line that comes first."""
    if one.next is None:
        return f"{count(one.size, 'candidate')} ranked; what came next is not known"
    return f"What came next, {one.next['id']}, is ranked {one.next['rank']:g} of {one.size:,}"


def by_text(one: Predicted) -> list[list[Candidate]]:
    """The candidates, those of one text together."""
    alike: dict[str, list[Candidate]] = {}
    for each in one.candidates:
        alike.setdefault(each.text or f"\0{each.id}", []).append(each)
    return list(alike.values())


def has_places(one: Predicted, top: int) -> bool:
    """Whether the ``top`` best texts are there with all of their places: all candidates are, or the
    last one scores less than those. Places of one text score alike."""
    if len(one.candidates) == one.size or one.candidates[0].text is None:
        return True
    texts = by_text(one)
    lowest, last = texts[:top][-1][0].score, one.candidates[-1].score
    return len(texts) > top and not math.isclose(lowest, last, rel_tol=ALIKE, abs_tol=ALIKE)


def candidates(texts: list[list[Candidate]], full: bool) -> str:
    """Candidates as a table, each text in one row, with the number of its places."""
    rows = []
    for some in texts:
        first = some[0]
        mark = NEXT if any(each.next for each in some) else ""
        places = f"({count(len(some), 'place')})" if len(some) > 1 else ""
        words = [shortened(first.text or "", full), places, mark]
        rows.append((first.rank, number(first.score), first.id, " ".join(filter(None, words))))
    return table(("rank", "score", "candidate", "text"), rows)


def many(summary: Summary, full: bool) -> str:
    """Several predictions, a line each."""
    metrics = summary.metrics
    verdict = f"{count(summary.count, 'prediction')}; what came next is not known"
    if metrics["known"]:
        shares = percent(metrics["r@1"]), percent(metrics["r@5"])
        of = count(metrics["known"], "window")
        verdict = (
            f"What came next is ranked first in {shares[0]} of {of}, and among 5 in {shares[1]}"
        )
    rows = []
    for one in summary.answers:
        best = one.candidates[0] if one.candidates else None
        rank = None if one.next is None else f"{one.next['rank']:g}"
        said = one.decoded["text"] if one.decoded else (best and best.text) or ""
        rows.append((one.id, rank, one.size, best and best.id, shortened(said, full)))
    lines = [paragraph(verdict)]
    if rows:
        lines += ["", table(("query", "rank", "of", "first", "text"), rows)]
    if len(rows) < summary.count:
        lines.append(f"… and {summary.count - len(rows):,} more (--full)")
    return "\n".join(lines)


def shortened(text: str, full: bool) -> str:
    """The beginning of a text."""
    return text if full or len(text) <= LENGTH else f"{text[:LENGTH].rstrip()} …"
