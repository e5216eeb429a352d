"""Is held-out text known from training, and is the answer lying among the candidates?"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from lvmctl.core.diagnosis import Diagnosis, Table
from lvmctl.core.errors import DataError
from lvmctl.core.formatting import count, estimate, number, percent
from lvmctl.core.reporter import Reporter
from lvmctl.data import Split, Splits, Windows
from lvmctl.data.fingerprint import require_one_space
from lvmctl.diagnostics.data.leakage.near_duplicates import Chunks, find_repeats, tiles
from lvmctl.diagnostics.data.leakage.overlaps import Overlaps, share
from lvmctl.diagnostics.data.leakage.recurrences import recurrences
from lvmctl.diagnostics.records import LeakageOptions
from lvmctl.evaluation.statistics.intervals import Resampling

EASY = 0.01
"""Share of windows from which on repeats in the article are reported."""

WINDOW_KINDS = {
    "last": "last chunk recurs",
    "target": "target recurs",
    "copied": "target in window",
}
RECURS = """A chunk recurs where another candidate of its article repeats it; the last chunk of \
the window is what `direct` asks with. Shares of windows, 95 % intervals."""


class Leakage:
    """Articles and chunks that splits share, and chunks that make retrieval trivial.

    Two chunks repeat each other when the cosine of their vectors, in float64, is above
    ``threshold``. The figures are:

    ``between``
        for each split that is held out, against each it is held out from: articles that have half
        of their chunks or more in one article there, chunks that repeat there, by article and with
        examples. ``ci`` is an article-clustered 95 % interval of their share.
    ``within``
        for each split: articles whose rows overlap (windows would cross them), copies of whole
        articles, articles all of whose chunks recur in others (windows cut from one text and kept
        apart), and the windows of :data:`WINDOW_KINDS`.
    ``boilerplate``
        chunks that occur in at least that many articles of any split.
    ``ordinary``
        cosines of random pairs of chunks of different articles.

    The verdict is LEAKS when an article is shared between splits or more than ``tolerated`` of the
    chunks of a held-out split repeat; else CLEAN.
    """

    def __init__(self, options: LeakageOptions) -> None:
        self.options = options

    def __call__(self, subject: Splits, reporter: Reporter) -> Diagnosis:
        """DataError where no split holds a chunk, or they are of different dimensions."""
        options, splits = self.options, nonempty(subject)
        chunks = Chunks(list(splits.values()))
        with reporter.progress("near-duplicate chunks", "tiles", tiles(chunks)) as done:
            repeats = find_repeats(chunks, options.threshold, done)
        overlaps = Overlaps(chunks, list(splits), repeats, options)
        within = {
            name: overlaps.within(name) | {"windows": self._windows(split, reporter)}
            for name, split in splits.items()
        }
        figures = {
            "threshold": options.threshold,
            "ordinary": overlaps.ordinary(),
            "between": overlaps.between(),
            "within": within,
            "boilerplate": overlaps.boilerplate(),
        }
        leaks = [
            pair
            for pair in figures["between"]
            if pair["shared_articles"] > 0 or pair["share"] > options.tolerated
        ]
        return Diagnosis(
            verdict="LEAKS" if leaks else "CLEAN",
            sentence=sentence(figures, leaks) + caveat(figures),
            figures=figures,
            tables=tuple(table for table in tables(figures, options.examples) if table.rows),
            change=change(figures, leaks) if leaks else "",
            failed=bool(leaks),
        )

    def _windows(self, split: Split, reporter: Reporter) -> dict[str, Any]:
        """Shares of windows whose query or target recurs, each with its interval."""
        try:
            windows = Windows(split, self.options.context, self.options.horizon)
        except DataError as error:
            return {"windows": 0, "reason": str(error)}
        what = f"{split.name}: the article's own repeats"
        with reporter.progress(what, "windows", len(windows)) as done:
            recurs = recurrences(windows, self.options.threshold, done)
        draws = Resampling(len(split.lengths), self.options.seed)
        shares = {kind: share(draws, recurs[kind], windows.article) for kind in WINDOW_KINDS}
        return {"windows": len(windows), **shares}


def nonempty(subject: Splits) -> dict[str, Split]:
    """The splits that hold articles, by name.

    Raises:
        DataError: there is none, or their vectors are of different dimensions.
    """
    splits = {name: split for name, split in subject.by_name.items() if len(split.lengths)}
    if not splits:
        raise DataError("the splits hold no articles", hint="choose another store")
    first = next(iter(splits.values()))
    for name, split in splits.items():
        if split.dim != first.dim:
            what = f"has dimension {split.dim}, {first.name} has {first.dim}"
            hint = f"give --{name} a store of the same encoder"
            raise DataError(what, where=split.name, hint=hint)
        one, other = split.source.get("encoder"), first.source.get("encoder")
        require_one_space(one, other, split.name, first.name)
    return splits


def sentence(figures: dict[str, Any], leaks: list[dict[str, Any]]) -> str:
    """What was found, with the figures of the worst pair of splits."""
    between, above = figures["between"], f"above cosine {number(figures['threshold'], None)}"
    if not between:
        only = next(iter(figures["within"]))
        return f"There is only {only}: nothing is held out that could leak."
    if not leaks:
        worst = max(between, key=lambda pair: pair["share"])
        if worst["repeated"]:
            return f"No article is shared; {repeated(worst)} {above}, no more than is tolerated."
        chunks = {pair["held"]: pair["chunks"] for pair in between}
        counts = " and ".join(f"{count:,} {name}" for name, count in chunks.items())
        return f"No article is shared, and none of {counts} chunks repeats {above}."
    worst = max(leaks, key=lambda pair: (pair["share"], pair["shared_articles"]))
    text = f"{repeated(worst)} {above}, in {count(worst['touched_articles'], 'article')}"
    if shared := sum(pair["shared_articles"] for pair in leaks):
        text += f"; {count(shared, 'article')} {'is' if shared == 1 else 'are'} shared"
    return f"{text}."


def repeated(pair: dict[str, Any]) -> str:
    """``38 of 1,170 val chunks (3.2 %, 95 % interval 0.3 to 8.0) repeat in train``."""
    low, high = pair["ci"]
    ci = "" if low != low else f", 95 % interval {100 * low:.1f} to {percent(high)}"
    repeat = "repeats" if pair["repeated"] == 1 else "repeat"
    return (
        f"{pair['repeated']:,} of {count(pair['chunks'], pair['held'] + ' chunk')} "
        f"({percent(pair['share'])}{ci}) {repeat} in {pair['known']}"
    )


def change(figures: dict[str, Any], leaks: list[dict[str, Any]]) -> str:
    """The shortest way to splits that do not leak, for the pairs of them that do."""
    ordinary, threshold = figures["ordinary"], figures["threshold"]
    if ordinary["pairs"] and ordinary["high"] >= threshold:
        return (
            f"cosines above {number(threshold, None)} are ordinary here (one random pair in 20 is "
            f"above {number(ordinary['high'])}): centre the vectors before asking, or raise the "
            "threshold"
        )
    if any(pair["shared_articles"] for pair in leaks):
        return "take the shared articles out of one split; lvmctl data split assigns whole articles"
    boilerplate = sum(pair["boilerplate"] for pair in leaks)
    if 2 * boilerplate > sum(pair["repeated"] for pair in leaks):
        return "most of it is boilerplate: drop these chunks from the text and embed it again"
    return "move articles that repeat each other into one split, or drop the repeated chunks"


def caveat(figures: dict[str, Any]) -> str:
    """What else to know before retrieval within articles is believed; else empty."""
    shares = [
        (split["windows"]["last"]["share"], name)
        for name, split in figures["within"].items()
        if "last" in split["windows"]
    ]
    value, name = max(shares, default=(0.0, ""))
    if value > EASY:
        return (
            f" But {percent(value)} of {name} windows find their own query among the candidates: "
            "drop repeated chunks before in-article retrieval is believed."
        )
    return ""


def tables(figures: dict[str, Any], examples: int) -> Iterator[Table]:
    """The figures for a reader, with so many ``examples`` of articles for each pair of splits."""
    between, within = figures["between"], figures["within"]
    yield Table(
        ("held out", "known from", "shared articles", "chunks repeated", "share"),
        tuple(
            (
                *(p["held"], p["known"], p["shared_articles"], p["repeated"]),
                estimate(p["share"], p["ci"]),
            )
            for p in between
        ),
        "Between splits",
    )
    windows = {
        name: split["windows"] for name, split in within.items() if "last" in split["windows"]
    }
    if windows:
        yield Table(
            ("windows where", *windows),
            tuple(
                (text, *(estimate(w[kind]["share"], w[kind]["ci"]) for w in windows.values()))
                for kind, text in WINDOW_KINDS.items()
            ),
            "Candidates that are too easy",
            RECURS,
        )
    yield Table(
        ("held out", "known from", "article", "title", "repeated", "of chunks"),
        tuple(
            (p["held"], p["known"], a["article"], a["title"] or "", a["repeated"], a["chunks"])
            for p in between
            for a in p["by_article"][:examples]
        ),
        "Articles with the most repeated chunks",
        detail=True,
    )
    yield Table(
        ("cosine", "chunk", "repeats", "text"),
        tuple(
            (
                *(number(e["cosine"]), where(e["chunk"]), where(e["repeats"])),
                e["chunk"].get("text", ""),
            )
            for p in between
            for e in p["examples"]
        ),
        "Chunks that are repeated",
        detail=True,
    )
    kinds = ("overlapping_articles", "copied_articles", "contained_articles")
    yield Table(
        ("split", "rows in two articles", "copies of articles", "all of it elsewhere"),
        tuple((name, *(split[kind] for kind in kinds)) for name, split in within.items()),
        "Articles within a split",
        detail=True,
    )
    yield Table(
        ("articles", "chunk", "text"),
        tuple(
            (e["articles"], where(e["chunk"]), e["chunk"].get("text", ""))
            for e in figures["boilerplate"]["examples"]
        ),
        "Boilerplate",
        detail=True,
    )


def where(place: dict[str, Any]) -> str:
    """``val 17:3``: split, article and position."""
    return f"{place['split']} {place['article']}:{place['position']}"
