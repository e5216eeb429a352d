"""What the figures of direction amount to: verdict, sentence and tables."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lvmctl.core.diagnosis import Table
from lvmctl.core.formatting import count, number, p_value, percent
from lvmctl.diagnostics.data.arrow.lags import LIMIT
from lvmctl.diagnostics.data.arrow.predictability import EQUAL
from lvmctl.diagnostics.estimates import estimates_table, format_estimate

LEVEL = 0.05

DIGITS = 4
"""Means and effects are small: four places."""

MIN_ARTICLES = 6
"""2/2^A is the smallest p there is, as reversing all articles changes nothing."""

CLEAR, STRONG = 0.1, 0.5
"""Effects from which an arrow is called clear and strong, on a scale that ends at 2."""

WORDS = {
    "TRACE OF AN ARROW": "There is a trace of an arrow of time",
    "ARROW": "There is an arrow of time",
    "STRONG ARROW": "There is a strong arrow of time",
}


def strongest(lags: Mapping[int, Mapping[str, Any]], p: float) -> int:
    """The lag whose effect is reported: 1, unless it shows nothing and another lag does."""
    if lags[1]["p"] <= LEVEL or p > LEVEL:
        return 1
    return max(lags, key=lambda lag: lags[lag]["corrected"]["value"])


def verdict(figures: Mapping[str, Any]) -> str:
    """UNDECIDED, NO ARROW FOUND, TRACE OF AN ARROW, ARROW or STRONG ARROW."""
    effect = figures["effect"]
    if figures["articles"] < MIN_ARTICLES:
        return "UNDECIDED"
    if effect["p"] > LEVEL:
        return "NO ARROW FOUND"
    if effect["value"] < CLEAR:
        return "TRACE OF AN ARROW"
    return "ARROW" if effect["value"] < STRONG else "STRONG ARROW"


def sentence(figures: Mapping[str, Any]) -> str:
    """The verdict in plain words, then its figures."""
    effect = figures["effect"]
    lag, lags, word = effect["lag"], list(figures["lags"]), verdict(figures)
    over = "lag 1" if len(lags) == 1 else f"lags 1 to {lags[-1]} together"
    measured = f"A_{lag} without noise {format_estimate(effect, DIGITS)}"
    measured = f"({measured}, p = {p_value(effect['p'])} over {over})"
    if word == "UNDECIDED":
        return (
            f"{count(figures['articles'], 'article')} cannot show an arrow of time "
            f"at level {percent(LEVEL, 0)}, at least {MIN_ARTICLES} are needed {measured}."
        )
    apart = "neighbouring chunks" if lag == 1 else f"chunks {lag} apart"
    size = f"{percent(effect['value'])} of its size"
    if word == "NO ARROW FOUND":
        ends = effect["ci"]
        within = f", 95 % interval {percent(ends[0])} to {percent(ends[1])}" if ends else ""
        text = (
            "No arrow of time was found, which does not prove that there is none: the estimate is "
            f"that reading the articles backward changes how {apart} are correlated by {size}"
            f"{within} {measured}"
        )
    else:
        text = (
            f"{WORDS[word]}: reading the articles backward changes how {apart} are "
            f"correlated by {size} {measured}"
        )
    if classifier := figures.get("classifier"):
        text += (
            f"; {percent(classifier['accuracy'])} of windows were told from their mirror images "
            f"(chance 50 %, p = {p_value(classifier['p'])})"
        )
    return f"{text}."


def change(figures: Mapping[str, Any]) -> str:
    """What would change the verdict."""
    if figures["articles"] < MIN_ARTICLES:
        return "More articles."
    if figures["effect"]["p"] <= LEVEL:
        return (
            "Judge a model's sense of direction against the same training on "
            "`synth:reversed?store=STORE`, not against chunks of its own window."
        )
    if "classifier" in figures and figures["classifier"]["p"] <= LEVEL:
        return (
            "The classifier, whose p is not part of the verdict, sees an order: perhaps a drift of "
            "the mean, to which A_k is nearly blind; more articles would settle it."
        )
    return "More articles, or longer ones: they narrow the interval."


def tables(figures: Mapping[str, Any]) -> tuple[Table, ...]:
    """Recency, movement and the arrow of time, each under its name."""
    recency = {f"r({lag})": record for lag, record in figures["lag_curve"].items()}
    for name, record in figures.get("recency", {}).items():
        recency[f"nearest minus {figures['context']} away, read {name}"] = record
    lags = tuple(
        (
            f"A_{lag}",
            number(record["A"], DIGITS),
            f"{number(record['null_mean'], DIGITS)} ± {number(record['null_std'], DIGITS)}",
            p_value(record["p"]),
            format_estimate(record["corrected"], DIGITS),
        )
        for lag, record in figures["lags"].items()
    )
    made = [
        estimates_table(
            {name: {"mean cosine": record} for name, record in recency.items()},
            "Recency: true in both directions",
            DIGITS,
        ),
        estimates_table(
            {
                name: {way: each[f"margin_{way}"] for way in ("forward", "backward")}
                for name, each in figures["predictability"].items()
            },
            "Movement: margin[last]; above 0 the sequence moves, which reversible ones do too",
            DIGITS,
        ),
        Table(
            ("", "measured", "articles reversed at random", "p", "without noise"),
            lags,
            "Arrow of time: antisymmetry of lagged correlations, 0 to 2",
        ),
    ]
    if "classifier" in figures:
        classifier, network = figures["classifier"], figures["network"]
        low, high = map(number, classifier["null_range"])
        share, p = number(classifier["accuracy"]), p_value(classifier["p"])
        rows = (
            ("bilinear", share, f"{low} to {high}", p),
            ("network, effect only", number(network["accuracy"]), "", ""),
        )
        title = "Arrow of time: share of windows told from their mirror images, chance .5"
        made.append(Table(("", "share", "reversed at random", "p"), rows, title))
    cosines = {
        name: {part: each[part] for part in ("forward", "backward", "difference")}
        for name, each in figures["predictability"].items()
    }
    title = f"Cosine to the next chunk, and to the previous one read backward. {EQUAL}"
    made.append(estimates_table(cosines, title, DIGITS))
    if telescoping := figures.get("telescoping"):
        row = (format_estimate(telescoping, DIGITS), number(telescoping["bound"], DIGITS))
        made.append(Table(("cos next - cos previous", "it cannot exceed"), (row,), LIMIT))
    return tuple(table for table in made if table.rows)
