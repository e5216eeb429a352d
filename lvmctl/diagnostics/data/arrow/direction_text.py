"""What the readings of direction amount to, in words, figures and tables."""

from __future__ import annotations

from functools import partial
from math import isnan
from typing import Any

from lvmctl.core.diagnosis import Table
from lvmctl.core.formatting import count, estimate, number, p_value, percent
from lvmctl.diagnostics.data.arrow.lags import LIMIT
from lvmctl.diagnostics.data.arrow.measurements import Readings
from lvmctl.diagnostics.data.arrow.predictability import EQUAL, Predictability

LEVEL = 0.05

DIGITS = 4
precise = partial(estimate, digits=DIGITS)
"""Means and effects are small: four places."""

FEWEST = 6
"""Articles: 2/2^A is the smallest p there is, as reversing all of them changes nothing."""

CLEAR, STRONG = 0.1, 0.5
"""Effects from which an arrow is called clear and strong, on a scale that ends at 2."""


def strongest(found: Readings) -> int:
    """The lag that is spoken of: 1, unless it shows nothing and another lag does."""
    if found.lags[1].p <= LEVEL or found.p > LEVEL:
        return 1
    return max(found.lags, key=lambda lag: found.lags[lag].effect)


def verdict(found: Readings) -> str:
    """UNDECIDED, NO ARROW FOUND, TRACE OF AN ARROW, ARROW or STRONG ARROW."""
    if found.articles < FEWEST:
        return "UNDECIDED"
    if found.p > LEVEL:
        return "NO ARROW FOUND"
    effect = found.lags[strongest(found)].effect
    if effect < CLEAR:
        return "TRACE OF AN ARROW"
    return "ARROW" if effect < STRONG else "STRONG ARROW"


def sentence(found: Readings) -> str:
    """The verdict for a reader who knows no symbol, then its figures."""
    lag = strongest(found)
    one = found.lags[lag]
    lags = "lag 1" if len(found.lags) == 1 else f"lags 1 to {max(found.lags)} together"
    shown = (
        f"A_{lag} without noise {precise(one.effect, one.ci)}, p = {p_value(found.p)} over {lags}"
    )
    if found.articles < FEWEST:
        return (
            f"{count(found.articles, 'article')} cannot show an arrow of time "
            f"at level {percent(LEVEL, 0)}, at least {FEWEST} are needed ({shown})."
        )
    apart = "neighbouring chunks" if lag == 1 else f"chunks {lag} apart"
    words = {
        "TRACE OF AN ARROW": "There is a trace of an arrow of time",
        "ARROW": "There is an arrow of time",
        "STRONG ARROW": "There is a strong arrow of time",
    }
    size = f"{percent(one.effect)} of its size"
    if found.p > LEVEL:
        low, high = one.ci
        interval = "" if isnan(low) else f", 95 % interval {percent(low)} to {percent(high)}"
        text = (
            "No arrow of time was found, which does not prove that there is none: the estimate is "
            f"that reading the articles backward changes how {apart} are correlated by {size}"
            f"{interval} ({shown})"
        )
    else:
        text = (
            f"{words[verdict(found)]}: reading the articles backward changes how {apart} are "
            f"correlated by {size} ({shown})"
        )
    if found.classifier:
        text += (
            f"; {percent(found.classifier.value)} of windows were told from their mirror images "
            f"(chance 50 %, p = {p_value(found.classifier.p)})"
        )
    return f"{text}."


def change(found: Readings) -> str:
    """What would change the verdict."""
    if found.articles < FEWEST:
        return "More articles."
    if found.p <= LEVEL:
        return (
            "Judge a model's sense of direction against the same training on "
            "`synth:reversed?store=STORE`, not against chunks of its own window."
        )
    if found.classifier and found.classifier.p <= LEVEL:
        return (
            "The classifier, whose p is not part of the verdict, sees an order: perhaps a drift of "
            "the mean, to which A_k is nearly blind; more articles would settle it."
        )
    return "More articles, or longer ones: they narrow the interval."


def figures(found: Readings) -> dict[str, Any]:
    """Everything as plain data."""
    lag = strongest(found)
    one = found.lags[lag]
    data: dict[str, Any] = {
        "articles": found.articles,
        "chunks": found.chunks,
        "context": found.context,
        "effect": with_ci(one.effect, one.ci) | {"lag": lag, "p": found.p},
        "lag_curve": {
            str(lag): with_ci(each.value, each.ci) | {"pairs": each.pairs}
            for lag, each in found.curve.items()
        },
        "lags": {
            str(lag): {
                "A": each.value,
                "null_mean": each.null_mean,
                "null_std": each.null_std,
                "p": each.p,
                "corrected": with_ci(each.effect, each.ci),
                "pairs": each.pairs,
            }
            for lag, each in found.lags.items()
        },
    }
    if found.telescoping:
        each = found.telescoping
        data["telescoping"] = with_ci(each.value, each.ci) | {
            "bound": each.bound,
            "chunks": each.chunks,
            "articles": each.articles,
            "limit": LIMIT,
        }
    if found.recency:
        data["recency"] = {name: with_ci(*each) for name, each in found.recency.items()}
    if found.classifier:
        each = found.classifier
        data["classifier"] = {
            "accuracy": each.value,
            "chance": 0.5,
            "p": each.p,
            "null_mean": each.null_mean,
            "null_range": list(each.null_range),
        }
        data["network"] = {"accuracy": found.network, "chance": 0.5}
    data["predictability"] = {
        name: predicted(each) for name, each in found.predicted.items() if each
    }
    return data


def predicted(each: Predictability) -> dict[str, Any]:
    """One predictor in both directions."""
    names = ("forward", "backward", "difference", "margin_forward", "margin_backward")
    shown = {name: with_ci(*getattr(each, name)) for name in names}
    return shown | {"windows": each.windows, "articles": each.articles}


def tables(found: Readings) -> tuple[Table, ...]:
    """Recency, movement and the arrow of time, each under its name."""
    rows = [(f"r({lag})", precise(each.value, each.ci)) for lag, each in found.curve.items()]
    for name, each in (found.recency or {}).items():
        rows.append((f"nearest minus {found.context} away, read {name}", precise(*each)))
    made = [Table(("", "mean cosine"), tuple(rows), "Recency: true in both directions")]
    runs = {name: each for name, each in found.predicted.items() if each}
    if runs:
        margins = tuple(
            (
                name,
                precise(*each.margin_forward),
                precise(*each.margin_backward),
            )
            for name, each in runs.items()
        )
        title = "Movement: margin[last]; above 0 the sequence moves, which reversible ones do too"
        made.append(Table(("", "forward", "backward"), margins, title))
    lags = tuple(
        (
            f"A_{lag}",
            number(each.value, DIGITS),
            f"{number(each.null_mean, DIGITS)} ± {number(each.null_std, DIGITS)}",
            p_value(each.p),
            precise(each.effect, each.ci),
        )
        for lag, each in found.lags.items()
    )
    header = ("", "measured", "articles reversed at random", "p", "without noise")
    made.append(Table(header, lags, "Arrow of time: antisymmetry of lagged correlations, 0 to 2"))
    if found.classifier:
        each = found.classifier
        low, high = each.null_range
        told = (
            ("bilinear", number(each.value), f"{number(low)} to {number(high)}", p_value(each.p)),
            ("network, effect only", number(found.network), "", ""),
        )
        title = "Arrow of time: share of windows told from their mirror images, chance .5"
        made.append(Table(("", "share", "reversed at random", "p"), told, title))
    if runs:
        both = tuple(
            (
                name,
                precise(*each.forward),
                precise(*each.backward),
                precise(*each.difference),
            )
            for name, each in runs.items()
        )
        title = f"Cosine to the next chunk, and to the previous one read backward. {EQUAL}"
        made.append(Table(("", "forward", "backward", "difference"), both, title))
    if found.telescoping:
        each = found.telescoping
        row = (precise(each.value, each.ci), number(each.bound, DIGITS))
        made.append(Table(("cos next - cos previous", "it cannot exceed"), (row,), LIMIT))
    return tuple(made)


def with_ci(value: float, ci: tuple[float, float]) -> dict[str, Any]:
    """A figure and its interval, None where there is none, as plain data."""
    return {"value": value, "ci": None if isnan(ci[0]) else list(ci)}
