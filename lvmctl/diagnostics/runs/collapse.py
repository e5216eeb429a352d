"""A collapse in a history: at which epoch, what the schedule changed there, and where it went."""

from __future__ import annotations

from collections.abc import Iterator
from statistics import fmean
from typing import Any

from lvmctl.core.diagnosis import Finding
from lvmctl.core.formatting import number, signed
from lvmctl.diagnostics.records import RunOptions
from lvmctl.diagnostics.runs.change_point import Step, downward_step
from lvmctl.diagnostics.runs.findings import found
from lvmctl.diagnostics.runs.history import LAST_MARGIN, History

KEPT = 0.75
"""Share of a cosine: one that keeps less is lost. A published training kept .61 from one epoch to
the next (docs/methods.md#published-results)."""
DEEP = 0.05
"""A fall of a mean cosine that matters."""
ROSE = 0.02
"""A rise of a margin that goes with an escape; published losses ask for .02 to .07
(docs/methods.md#recipes)."""
MARGINS = {"last": LAST_MARGIN, "second_last": "val.margin.second_last"}
TENTH = 10
"""A slow fall is measured on means over this part of the epochs, not on single ones."""
SHORT = 6
"""Epochs with which no permutation test can be sure; depth alone decides then."""


def change_points(history: History, options: RunOptions) -> dict[str, dict[str, Any]]:
    """The step down of cos_next and cos_anchor, or of what is judged of a ranker, as plain data;
    those without one are left out."""
    points = {}
    judged = [point.value for point in history.curve(f"val.{history.judged}")]
    # A model that learns to predict may well leave the centroid.
    worse = not judged or lost(max(judged), judged[-1])
    for name in (history.judged,) if history.ranks_by_score else ("cos_next", "cos_anchor"):
        curve = history.curve(f"val.{name}")
        values = [point.value for point in curve]
        step = downward_step(values, permutations=options.permutations, seed=options.seed)
        if len(values) == 2 and values[1] < values[0]:
            step = Step(1, *values)
        if step is None:
            continue
        left, epoch = curve[step.index - 1].epoch, curve[step.index].epoch
        # Two curves are tested, each at half the level.
        clear = step.p_value <= options.significance / 2 or len(values) <= SHORT
        points[name] = {
            "epoch": epoch,
            "before_epoch": left,
            "before": step.before,
            "after": step.after,
            "p_value": step.p_value,
            "epochs": len(values),
            "clear": clear,
            "collapse": clear and lost(step.before, step.after) and worse,
            "events": [e.what for e in history.events() if left < e.epoch <= epoch],
        }
    return points


def lost(before: float, after: float) -> bool:
    """Whether a cosine fell so far that it has lost what it had."""
    return before - after >= DEEP and after <= KEPT * before


def is_low(history: History) -> bool:
    """Whether what is judged ends below half of what the last chunk itself has."""
    name = history.judged
    last, direct = history.last(f"val.{name}"), history.last(f"val.direct.{name}")
    return last is not None and last < (DEEP if direct is None else direct / 2)


def is_poor(history: History) -> bool:
    """Whether what is judged is low at the end, or was lost."""
    values = [point.value for point in history.curve(f"val.{history.judged}")]
    return bool(values) and (is_low(history) or lost(max(values), values[-1]))


def breakdowns(history: History, points: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """A collapse at one epoch, and what the schedule changed there; from change_points."""
    steps = {name: step for name, step in points.items() if step["collapse"]}
    if not steps:
        return
    step = steps.get(history.judged) or steps["cos_anchor"]
    falls = ", ".join(
        f"{name} {number(s['before'])} → {number(s['after'])}" for name, s in steps.items()
    )
    evidence = f"epoch {step['before_epoch']} → {step['epoch']}: {falls} ({tested(step)})"
    if step["events"]:
        evidence += f", just where {'; '.join(step['events'])}"
        yield found("collapse-at-schedule-step", step["epoch"], evidence)
        return
    schedule = "the schedule changes nothing there"
    if not isinstance(history.config.get("losses"), list):
        schedule = "what the schedule does there is not known without the run's config.json"
    yield found("collapse", step["epoch"], f"{evidence}; {schedule}")


def tested(step: dict[str, Any]) -> str:
    """How sure a change-point is."""
    few = f"{step['epochs']} epochs are too few to test"
    return few if step["epochs"] <= SHORT else f"permutation p = {number(step['p_value'])}"


def declines(history: History, points: dict[str, dict[str, Any]]) -> Iterator[Finding]:
    """What is judged was lost gradually, without a step that is deep enough by itself."""
    step, curve = points.get(history.judged), history.curve(f"val.{history.judged}")
    if step is None or not step["clear"] or any(s["collapse"] for s in points.values()):
        return
    part = max(len(curve) // TENTH, 1)
    means = [fmean(p.value for p in curve[i : i + part]) for i in range(len(curve) - part + 1)]
    top = max(range(len(means)), key=means.__getitem__)
    if not lost(means[top], means[-1]):
        return
    begin = curve[top + part - 1].epoch
    over = "" if part == 1 else f", means of {part} epochs"
    yield found(
        "collapse",
        begin,
        f"{history.judged} {number(means[top])} (epoch {begin}) → {number(means[-1])} (epoch "
        f"{curve[-1].epoch}{over}), gradually ({tested(step)})",
    )


def escapes(history: History) -> Iterator[Finding]:
    """Away from the target and from the window while a margin against the window grows."""
    cos_next, cos_anchor = history.curve("val.cos_next"), history.curve("val.cos_anchor")
    if not (cos_next and cos_anchor):
        return
    best, last = max(cos_next, key=lambda point: point.value), cos_next[-1]
    fell, low = lost(best.value, last.value), is_low(history)
    if not (fell or low):
        return
    away = lost(max(p.value for p in cos_anchor), cos_anchor[-1].value)
    grown = []
    for name, path in MARGINS.items():
        if margin := history.curve(path):
            then = next((p.value for p in margin if p.epoch >= best.epoch), margin[0].value)
            now = margin[-1].value
            if now >= ROSE and (low or (away and now - then >= ROSE)):
                grown.append((now, then, name))
    if not grown:
        return
    now, then, name = max(grown)
    if fell:
        lower = (p.epoch for p in cos_next if p.epoch > best.epoch and lost(best.value, p.value))
        epoch = next(lower, best.epoch)
        course = f"cos_next {signed(best.value)} (epoch {best.epoch}) → {signed(last.value)}"
    else:  # it was low from the start
        epoch, then = cos_next[0].epoch, history.curve(MARGINS[name])[0].value
        course = f"cos_next is never above {signed(best.value)} in {len(cos_next)} epochs"
    yield found(
        "orthogonal-escape",
        epoch,
        f"{course}, cos_anchor {signed(cos_anchor[-1].value)}, while margin[{name}] went "
        f"{signed(then)} → {signed(now)}: the optimum of that margin, not of the prediction",
        about=name,
    )
