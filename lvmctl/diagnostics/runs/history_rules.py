"""Figures of a history that a working run does not have: NaN, constant, at chance, poor."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Mapping
from itertools import takewhile
from typing import Any

from lvmctl.core.diagnosis import Finding
from lvmctl.core.formatting import number
from lvmctl.core.tree import get, get_mapping, get_number, is_number, leaves
from lvmctl.diagnostics.runs.collapse import DEEP, breakdowns, declines, escapes
from lvmctl.diagnostics.runs.findings import KNOWN, found
from lvmctl.diagnostics.runs.gap import overfitting
from lvmctl.diagnostics.runs.history import LAST_MARGIN, History
from lvmctl.registry import load_registry

COS_NEXT = "val.cos_next"
ABSENT = object()
FIGURES = (COS_NEXT, "val.cos_anchor", *LAST_MARGIN.split("|"), "val.loss", "train.loss")
"""Figures that are numbers whenever a training in order measures; those of plugins' metrics are
too, and a history from elsewhere may have them beside ``train`` and ``val``."""
SAME = 1e-6
"""Figures are float32 means: closer than this they are one figure."""
ONE_CHUNK = 0.05
"""Entropy, in nats, of mixture weights that lie on one chunk."""
CLEARLY = 0.02
"""Less cosine, or less R@5, than this is no matter."""


def history_findings(
    history: History, points: dict[str, dict[str, Any]], ranker: bool = False
) -> list[Finding]:
    """All that the history and its change-points show, unordered.

    Args:
        ranker: the model ranks by its own score. What its q is like is then no fault, and where the
            history has no other ranks than q's, neither are they.
    """
    falls = (lambda h: breakdowns(h, points)), (lambda h: declines(h, points))
    if history.ranks_by_score:
        rules = [diverged, constant_gates, overfitting, *falls, at_chance, worse_than_direct]
    elif ranker:
        rules = [diverged, constant_gates, overfitting]
    else:
        rules = [diverged, *falls, escapes, constant_gates, mixtures, at_chance, off_target]
        rules += [worse_than_direct, overfitting]
    return [finding for rule in rules for finding in rule(history)]


def diverged(history: History) -> Iterator[Finding]:
    """Figures that are NaN or infinite at the end."""
    plugins = [f"{part}{name}" for name in history.metrics for part in ("", "train.", "val.")]
    since = {path: broken_since(history, path) for path in (*FIGURES, *plugins)}
    since = {path: epoch for path, epoch in since.items() if epoch is not None}
    if not since:
        return
    broken = ", ".join(f"{path} from epoch {epoch}" for path, epoch in since.items())
    before = ""
    if curve := history.curve(COS_NEXT):
        before = f"; the last cos_next is {number(curve[-1].value)} (epoch {curve[-1].epoch})"
    end = f"NaN or infinite up to the last epoch ({history.epochs[-1]})"
    yield found("diverged", min(since.values()), f"{end}: {broken}{before}")


def broken_since(history: History, path: str) -> int | None:
    """The first epoch from which on a figure is no number, to its last; None where it ends as one.

    This tool writes NaN as null; others write null for what was not measured. Null counts where
    other figures of that epoch were measured, the figure was a number before (or is cos_next) and
    never came back from null.
    """
    values = [
        (record["epoch"], value)
        for record in history.records
        if (value := get(record, path, ABSENT)) is not ABSENT
        and (value is not None or was_measured(record, path))
    ]
    bad = [*takewhile(lambda pair: is_broken(pair[1]), reversed(values))]
    if not bad:
        return None
    if all(value is None for _, value in bad):
        before = [value for _, value in values[: -len(bad)]]
        if None in before or not (before or path == COS_NEXT):
            return None
    return bad[-1][0]


def is_broken(value: object) -> bool:
    """Whether this is NaN, infinite or null."""
    return value is None or (isinstance(value, float) and not math.isfinite(value))


def was_measured(record: Mapping[str, Any], path: str) -> bool:
    """Whether the part of a record that a figure stands in has any number."""
    part = get_mapping(record, path.partition(".")[0])
    return any(is_number(value) for _, value in leaves(part or record))


def constant_gates(history: History) -> Iterator[Finding]:
    """A sample weight that gives every window the same weight.

    The mean of one that looks at the windows stays the same over epochs, and differs between
    training and validation windows; that of a constant one is the same there too.
    """
    train, val = (history.curve(f"{part}.gate_weight_mean") for part in ("train", "val"))
    values = [point.value for point in (*train, *val)]
    if not values or max(values) - min(values) > SAME:
        return
    weight = values[0]
    # What the recipe's sample weights give to windows that fail them.
    low = (get_number(gate, "options.weight") for gate in sample_weights(history))
    known = (1.0, *(value for value in low if value is not None))
    if not val and not any(abs(weight - each) <= SAME for each in known):
        return
    where = "on training and validation windows alike" if val else "on training windows"
    yield found(
        "constant-gate",
        (train or val)[0].epoch,
        f"gate_weight_mean is {weight:.6g} {where}, at each of {len(train or val)} epochs: it "
        "weighs nothing",
        remedy=gate_hint(str(gate.get("name")) for gate in sample_weights(history)),
    )


def sample_weights(history: History) -> list[Mapping[str, Any]]:
    """The recipe's sample weights, as its ``config.json`` has them."""
    gates = history.config.get("sample")
    return [gate for gate in gates or [] if isinstance(gate, Mapping)]


def gate_hint(names: Iterable[str]) -> str:
    """What to do about the first of these sample weights that says so; empty where none does."""
    entries = load_registry().entries("gate")
    for name in names:
        for entry in entries:
            if entry.means(name) and getattr(entry.record, "hint", ""):
                return entry.record.hint
    return ""


def mixtures(history: History) -> Iterator[Finding]:
    """Mixture weights that lie on one chunk, or that are the same for all."""
    curve = history.curve("val.alpha_entropy|train.alpha_entropy")
    if not curve:
        return
    last, context = curve[-1], history.options().get("context")
    largest = math.log(context) if isinstance(context, int) and context > 1 else math.inf
    if last.value <= ONE_CHUNK:
        mixture = "the mixture is one chunk of the window"
    elif last.value >= largest - 1e-3:
        mixture = f"the mixture is the centroid (ln K = {number(largest, 4)})"
    else:
        return
    evidence = f"alpha_entropy is {number(last.value, 4)} nats: {mixture}"
    yield found("constant-mixture", last.epoch, evidence)


def at_chance(history: History) -> Iterator[Finding]:
    """R@5 against guessing, at the last epoch."""
    curve, chance = history.curve("val.r@5"), history.last("val.chance_r@5")
    windows = history.last("val.in_article_windows|val.windows")
    if not curve or chance is None or chance >= 1 or windows == 0:
        return
    epoch, rank = curve[-1]
    error = math.sqrt(max(chance * (1 - chance), 0.0) / windows) if windows else 0.0
    limit, direct = chance + 2 * error, history.last("val.direct.r@5")
    if rank > limit:
        return
    lost = direct is None or direct > limit
    beside = "" if direct is None else f"; direct has {number(direct)}"
    spread = f" ± {number(2 * error)} on {windows:.0f} windows" if windows else ""
    yield found(
        "at-chance",
        epoch,
        f"R@5 in article {number(rank)}, guessing gives {number(chance)}{spread}{beside}",
        remedy=remedy(history) if lost else "the data may not hold it: lvmctl diagnose ceilings",
        severity="critical" if lost else "minor",
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
    yield found(
        "at-chance",
        epoch,
        f"cos_next {number(value)}, a direction drawn at random has 0{beside}",
        remedy=remedy(history),
        severity="serious" if ranked else "critical",
    )


def worse_than_direct(history: History) -> Iterator[Finding]:
    """Nearer to the target, and better ranked, is what the last chunk itself gives.

    Both figures have to be worse, where both sides have both.
    """
    main = ("MRR@10", "mrr@10") if history.ranks_by_score else ("cos_next", "cos_next")
    pairs = [
        (label, curve[-1], direct)
        for label, name in (main, ("R@5", "r@5"))
        if (curve := history.curve(f"val.{name}"))
        and (direct := history.last(f"val.direct.{name}")) is not None
    ]
    if not pairs or any(point.value >= direct - CLEARLY for _, point, direct in pairs):
        return
    figures = " and ".join(f"{label} {number(point.value)}" for label, point, _ in pairs)
    beside = " and ".join(number(direct) for _, _, direct in pairs)
    evidence = f"{figures}, where the last chunk itself (direct) has {beside}"
    yield found("worse-than-direct", pairs[0][1].epoch, evidence, remedy=remedy(history))


def remedy(history: History) -> str:
    """What to do about predictions that are no better than guessing."""
    values = [point.value for point in history.curve(f"val.{history.judged}")]
    if len(values) > 1 and values[-1] == max(values) > values[0]:
        course = f"{history.judged} {number(values[0])} → {number(values[-1])}"
        return f"it still learns ({course}): train longer, on more windows, or with a larger lr"
    return KNOWN["at-chance"].remedy
