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

MIN_ARTICLES = 6
"""2/2^A is the smallest p there is, as reversing all articles changes nothing."""

CLEAR, STRONG = 0.1, 0.5
"""Effects from which an arrow is called clear and strong, on a scale that ends at 2."""

WORDS = {
    "NO ARROW FOUND": "No arrow of time was found, which does not prove that there is none",
    "TRACE OF AN ARROW": "There is a trace of an arrow of time",
    "ARROW": "There is an arrow of time",
    "STRONG ARROW": "There is a strong arrow of time",
}

LAGS = """A_k: size of the antisymmetric part of the correlation of chunks k apart, 0 to 2. \
without noise: less what chance gives. The p of the verdict is of all lags together."""
PREDICTED = (
    (
        "Movement",
        "margin[last]: above 0 the sequence moves, which reversible ones do too.",
        ("margin_forward", "margin_backward"),
    ),
    (
        "Predictability",
        f"Cosine to the next chunk, and to the previous one read backward. {EQUAL}",
        ("forward", "backward", "difference"),
    ),
)
"""Tables of what is predicted in both directions: title, note and figures."""


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
    """The verdict in plain words, with the effect."""
    effect, word = figures["effect"], verdict(figures)
    if word == "UNDECIDED":
        return (
            f"{count(figures['articles'], 'article')} cannot show an arrow of time "
            f"at level {percent(LEVEL, 0)}, at least {MIN_ARTICLES} are needed."
        )
    lag, ends = effect["lag"], effect["ci"]
    apart = "neighbouring chunks" if lag == 1 else f"chunks {lag} apart"
    within = f"95 % interval {percent(ends[0])} to {percent(ends[1])}, " if ends else ""
    return (
        f"{WORDS[word]}: reading the articles backward changes how {apart} are correlated by "
        f"{percent(effect['value'])} of its size ({within}p = {p_value(effect['p'])})."
    )


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
    """The arrow of time; recency and movement are details, each under its name."""
    lags = tuple(
        (
            f"A_{lag}",
            number(record["A"]),
            f"{number(record['null_mean'])} ± {number(record['null_std'])}",
            p_value(record["p"]),
            format_estimate(record["corrected"]),
        )
        for lag, record in figures["lags"].items()
    )
    header = ("", "measured", "reversed at random", "p", "without noise")
    made = [Table(header, lags, "Arrow of time: lagged correlations", LAGS)]
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
    recency = {f"r({lag})": record for lag, record in figures["lag_curve"].items()}
    for name, record in figures.get("recency", {}).items():
        recency[f"nearest minus {figures['context']} away, read {name}"] = record
    made.append(
        estimates_table(
            {name: {"mean cosine": record} for name, record in recency.items()},
            "Recency",
            "True in both directions.",
        )
    )
    for title, note, parts in PREDICTED:
        rows = {
            name: {part.removeprefix("margin_"): each[part] for part in parts}
            for name, each in figures["predictability"].items()
        }
        made.append(estimates_table(rows, title, note))
    if telescoping := figures.get("telescoping"):
        row = (format_estimate(telescoping), number(telescoping["bound"]))
        header = ("cos next - cos previous", "it cannot exceed")
        made.append(Table(header, (row,), "Telescoping mean", LIMIT, detail=True))
    return tuple(table for table in made if table.rows)
