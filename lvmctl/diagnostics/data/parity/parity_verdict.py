"""Whether two splits' windows are made alike: the rule and its sentences.

It asks two things of every trait: does the difference matter (a threshold), and is it more than
chance (one max-statistic permutation test over all traits)?

- MISMATCH: some difference is beyond its threshold and significant.
- UNDECIDED: not that, but some difference is beyond its threshold and may be chance, or chance
  alone reaches so far that a real difference could hide: beyond twice the threshold. Recency Δ, a
  difference of two cosines, is as noisy as they are and may be off by as much: its own threshold is
  finer than hundreds of articles can tell.
- MATCH: neither. With many articles, a certain but trivial difference is a match.

A random split of articles is a MISMATCH with probability ``level`` at most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from lvmctl.core.formatting import number, p_value, signed
from lvmctl.diagnostics.data.parity.largest_difference import Comparison
from lvmctl.diagnostics.data.parity.parity_view import label
from lvmctl.diagnostics.data.parity.window_traits import Traits
from lvmctl.diagnostics.records import SplitParityOptions

BLUNT = 2
"""Thresholds beyond which chance may not reach, if finding nothing is to mean anything."""


class Limit(NamedTuple):
    """How far a trait may differ (``threshold``), and how far by chance (``blunt``)."""

    threshold: float
    blunt: float


class Verdict(NamedTuple):
    """A word in capitals, one sentence, and what would change it."""

    word: str
    sentence: str
    change: str = ""


def limits(traits: Traits, options: SplitParityOptions) -> dict[str, Limit]:
    """The traits that are tested, with their limits.

    ``forward`` is not: it is about 0 for any text (docs/methods.md#telescoping).
    """
    cosine, delta, share = (
        options.cosine_threshold,
        options.delta_threshold,
        options.share_threshold,
    )
    known = {
        "delta": Limit(delta, BLUNT * max(delta, cosine)),
        "delta_positive": Limit(share, BLUNT * share),
    }
    names = [name for name in traits.sums if name != "forward"]
    return {name: known.get(name, Limit(cosine, BLUNT * cosine)) for name in names}


def judge(comparison: Comparison, limits: dict[str, Limit], train: Traits, val: Traits) -> Verdict:
    """The verdict on validation windows; ``comparison`` is train minus val, of the traits of
    ``limits`` in their order."""
    single = [name for name, traits in (("train", train), ("val", val)) if traits.articles < 2]
    if single:
        return Verdict(
            "UNDECIDED",
            f"{' and '.join(single)} {'have' if single[1:] else 'has'} one article with windows: "
            "nothing shows how much articles differ by chance.",
            "Give each split more articles.",
        )
    names = list(limits)
    threshold, blunt = np.array(list(limits.values())).T
    difference, reach = comparison.difference, comparison.reach

    def differs(trait: int) -> str:
        by, most = signed(difference[trait]), number(threshold[trait])
        return f"{label(names[trait])} differs by {by}, more than {most}"

    times = np.abs(difference) / threshold
    beyond = (times > 1) & comparison.significant
    if beyond.any():
        worst = int(np.argmax(np.where(beyond, times, 0)))
        return Verdict(
            "MISMATCH",
            f"Validation windows are not made like training windows: {differs(worst)} "
            f"(p = {p_value(comparison.p[worst])}).",
            "Assign the articles of both to train and val anew at random (`lvmctl data split "
            "STORE --by article`), or read validation figures as those of other text.",
        )
    loose = np.abs(difference) / (blunt / BLUNT)
    widest = int(np.argmax(loose))
    if loose[widest] > 1:
        more = (reach[widest] / np.abs(difference[widest])) ** 2
        return Verdict(
            "UNDECIDED",
            f"Too few articles to tell: {differs(widest)}, which may be chance "
            f"(p = {p_value(comparison.p[widest])}).",
            f"About {more:.1f} times as many articles in both splits would show a difference of "
            "this size.",
        )
    room = reach / blunt
    widest = int(np.argmax(room))
    if room[widest] > 1:
        return Verdict(
            "UNDECIDED",
            f"Too few articles to tell: in {label(names[widest])} chance alone reaches "
            f"±{number(reach[widest])}, more than {number(blunt[widest])}.",
            f"About {room[widest] ** 2:.1f} times as many articles in both splits would decide.",
        )
    return Verdict(
        "MATCH",
        "No difference between training and validation windows that matters was found; what "
        f"passes as chance is up to {chance_ranges(names, reach)}.",
    )


def chance_ranges(names: list[str], reach: np.ndarray) -> str:
    """The widest of the simultaneous intervals: of the cosines, of Δ and of the share."""
    kinds = {"delta": "in recency Δ", "delta_positive": "in the share with Δ > 0"}
    widest: dict[str, float] = {}
    for name, width in zip(names, reach):
        kind = kinds.get(name, "in a cosine")
        widest[kind] = max(width, widest.get(kind, 0.0))
    return ", ".join(f"±{number(width)} {kind}" for kind, width in widest.items())
