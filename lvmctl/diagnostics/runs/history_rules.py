"""Figures of a history that a working run does not have: frozen, constant, at chance."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

from lvmctl.core.formatting import number
from lvmctl.diagnostics.runs.history import History
from lvmctl.diagnostics.runs.run_collapse import DEEP, breakdowns, declines, escapes
from lvmctl.diagnostics.runs.run_diverged import diverged
from lvmctl.diagnostics.runs.run_findings import Finding
from lvmctl.diagnostics.runs.run_gap import overfitting

SAME = 1e-6
"""Figures are float32 means: closer than this they are one figure."""
ONE_CHUNK = 0.05
"""Entropy, in nats, of mixture weights that lie on one chunk."""
CLEARLY = 0.02
"""Less cosine, or less R@5, than this is no matter."""
BOUNDS = (0.6, 0.9)
"""P7's bounds of λ: on them it may stand still although it learns."""


def history_findings(
    history: History, points: dict[str, dict[str, Any]], ranker: bool = False
) -> list[Finding]:
    """All that the history and its change-points tell, unordered.

    Args:
        ranker: the model ranks by its own score. What its q is like is then no fault, and where the
            history has no other ranks than q's, neither are they.
    """
    if ranker or history.ranks_by_score:
        asked = [diverged, frozen, constant_gates, overfitting]
        found = [finding for rule in asked for finding in rule(history)]
        if history.ranks_by_score:
            found += breakdowns(history, points)
            found += declines(history, points)
            found += at_chance(history)
            found += worse_than_direct(history)
        return found
    return [
        *diverged(history),
        *breakdowns(history, points),
        *declines(history, points),
        *escapes(history),
        *frozen(history),
        *constant_gates(history),
        *mixtures(history),
        *at_chance(history),
        *off_target(history),
        *worse_than_direct(history),
        *overfitting(history),
    ]


def frozen(history: History) -> Iterator[Finding]:
    """λ is to be learned and stays where it began."""
    curve = history.curve("anchor_lambda|train.anchor_lambda|val.anchor_lambda")
    values = [point.value for point in curve]
    wanted = history.options().get("learn_lambda")
    if len(values) < 2 or max(values) - min(values) > SAME or wanted is False:
        return
    bound = any(abs(values[0] - bound) <= SAME for bound in BOUNDS)
    if bound:  # fixed-anchor's λ, or a learned one that is pushed against its bound
        return
    asked = "the plan says that it is learned" if wanted else "P7 learns it unless told otherwise"
    yield Finding(
        "frozen-parameter",
        "serious",
        curve[0].epoch,
        f"anchor_lambda is {values[0]:.6g} at each of {len(values)} epochs; {asked}",
        "see that λ is a parameter, in the optimiser, and not detached in the forward pass; or "
        "fix it on purpose (--set learn_lambda=false)",
        "METHODS §4, P7: λ must receive gradient",
    )


def constant_gates(history: History) -> Iterator[Finding]:
    """A sample gate that gives every window the same weight.

    The mean of a gate that looks at the windows stays the same over epochs, and differs between
    training and validation windows; that of a constant one is the same there too.
    """
    train, val = (history.curve(f"{part}.gate_weight_mean") for part in ("train", "val"))
    values = [point.value for point in (*train, *val)]
    if not values or max(values) - min(values) > SAME:
        return
    at = values[0]
    if not val and not any(abs(at - known) <= SAME for known in (1.0, *low_weights(history))):
        return
    where = "on training and validation windows alike" if val else "on training windows"
    yield Finding(
        "constant-gate",
        "serious",
        (train or val)[0].epoch,
        f"gate_weight_mean is {at:.6g} {where}, at each of {len(train or val)} epochs: it weighs "
        "nothing",
        "choose a threshold that some windows pass and some fail (--set gate_threshold=…), or "
        "leave the gate out (--set gate=false)",
        "METHODS §4, P7: weight .25 or 1",
    )


def low_weights(history: History) -> list[float]:
    """The weights that the recipe's sample gates give to windows that fail them."""
    gates = history.config.get("sample")
    options = [gate.get("options") for gate in gates or [] if isinstance(gate, dict)]
    found = [option.get("weight") for option in options if isinstance(option, dict)]
    return [float(weight) for weight in found if isinstance(weight, int | float)]


def mixtures(history: History) -> Iterator[Finding]:
    """Mixture weights that lie on one chunk, or that are the same for all."""
    curve = history.curve("val.alpha_entropy|train.alpha_entropy")
    if not curve:
        return
    last, context = curve[-1], history.options().get("context")
    most = math.log(context) if isinstance(context, int) and context > 1 else None
    if last.value <= ONE_CHUNK:
        said = "the mixture is one chunk of the window"
    elif most is not None and last.value >= most - 1e-3:
        said = f"the mixture is the centroid (ln K = {number(most, 4)})"
    else:
        return
    yield Finding(
        "constant-mixture",
        "serious",
        last.epoch,
        f"alpha_entropy is {number(last.value, 4)} nats: {said}",
        "compare it with the baselines direct and centroid (lvmctl eval tables); use another lr "
        "or a higher temperature",
        "METHODS §2.6",
    )


def at_chance(history: History) -> Iterator[Finding]:
    """R@5 and the order verifier against guessing, at the last epoch."""
    rank, chance = history.last("val.r@5"), history.last("val.chance_r@5")
    windows = history.last("val.in_article_windows|val.windows")
    if rank is not None and chance is not None and windows != 0:
        error = math.sqrt(max(chance * (1 - chance), 0.0) / windows) if windows else 0.0
        limit = chance + 2 * error
        direct = history.last("val.direct.r@5")
        if rank <= limit and chance < 1:
            lost = direct is None or direct > limit
            beside = "" if direct is None else f"; direct has {number(direct)}"
            spread = f" ± {number(2 * error)} on {windows:.0f} windows" if windows else ""
            yield Finding(
                "at-chance",
                "grave" if lost else "minor",
                history.curve("val.r@5")[-1].epoch,
                f"R@5 in article {number(rank)}, guessing gives {number(chance)}{spread}{beside}",
                remedy(history) if lost else "the data may not hold it: lvmctl diagnose ceilings",
                "METHODS §3",
            )
    order = history.curve("val.order_accuracy") or history.curve("train.order_accuracy")
    windows = history.last("val.windows|val.in_article_windows") or 0
    if order and windows and order[-1].value <= 0.5 + 1 / math.sqrt(windows):
        yield Finding(
            "order-at-chance",
            "minor",
            order[-1].epoch,
            f"order_accuracy {number(order[-1].value)}, guessing gives .500 ± "
            f"{number(1 / math.sqrt(windows))}",
            "ask whether the data has an order to learn (lvmctl diagnose direction); if not, "
            "take the order loss out (its weight 0): it does not reach the predictions",
            "METHODS §2.8",
        )


def off_target(history: History) -> Iterator[Finding]:
    """A cosine to the target that a direction drawn at random has, or less, at the last epoch."""
    curve, direct = history.curve("val.cos_next"), history.last("val.direct.cos_next")
    if not curve or curve[-1].value >= DEEP:
        return
    epoch, value = curve[-1]
    # Where the last chunk has hardly more, the data may hold no more; but nothing explains less.
    if direct is not None and (direct < DEEP or value >= direct / 2) and value > -DEEP:
        return
    ranks = history.last("val.r@5"), history.last("val.direct.r@5")
    ranked = None not in ranks and ranks[0] > ranks[1]
    beside = "" if direct is None else f"; direct has {number(direct)}"
    yield Finding(
        "at-chance",
        "serious" if ranked else "grave",
        epoch,
        f"cos_next {number(value)}, a direction drawn at random has 0{beside}",
        remedy(history),
        "METHODS §3",
    )


def worse_than_direct(history: History) -> Iterator[Finding]:
    """Nearer to the target, and better ranked, is what the last chunk itself gives.

    Both figures have to be worse, where both sides have both.
    """
    known = [
        (label, curve[-1], direct)
        for label, name in (
            ("MRR@10", "mrr@10") if history.ranks_by_score else ("cos_next", "cos_next"),
            ("R@5", "r@5"),
        )
        if (curve := history.curve(f"val.{name}"))
        and (direct := history.last(f"val.direct.{name}")) is not None
    ]
    if not known or any(point.value >= direct - CLEARLY for _, point, direct in known):
        return
    figures = " and ".join(f"{label} {number(point.value)}" for label, point, _ in known)
    beside = " and ".join(number(direct) for _, _, direct in known)
    yield Finding(
        "worse-than-direct",
        "serious",
        known[0][1].epoch,
        f"{figures}, where the last chunk itself (direct) has {beside}",
        remedy(history),
        "METHODS §3, baselines",
    )


def remedy(history: History) -> str:
    """What to do about predictions that are no better than guessing."""
    values = [point.value for point in history.curve(f"val.{history.judged}")]
    if len(values) > 1 and values[-1] == max(values) > values[0]:
        course = f"{history.judged} {number(values[0])} → {number(values[-1])}"
        return f"it still learns ({course}): train longer, on more windows, or with a larger lr"
    return "look for what happened first; if nothing did, use a larger lr or more windows"
