"""Is held-out text known from training, and is the answer lying among the candidates?"""

from __future__ import annotations

from typing import Any

from lvmctl.core.diagnosis import Diagnosis, Table
from lvmctl.core.errors import DataError
from lvmctl.core.formatting import count, number, percent
from lvmctl.core.reporter import Reporter
from lvmctl.data import Split, Splits, Windows
from lvmctl.diagnostics.data.leakage.leakage_options import LeakageOptions
from lvmctl.diagnostics.data.leakage.near_duplicates import Chunks, find_repeats, tiles
from lvmctl.diagnostics.data.leakage.overlaps import Leaks, share
from lvmctl.diagnostics.data.leakage.recurrences import recurrences
from lvmctl.evaluation.statistics.intervals import Resampling

EASY = 0.01
"""Share of windows from which on repeats in the article are worth a word."""

WINDOW_KINDS = {
    "last": "the window's last chunk, which `direct` asks with, is again among the candidates",
    "target": "the target is again among the candidates",
    "copied": "the target is in the window already",
}


class Leakage:
    """Articles and chunks that splits share, and chunks that make retrieval trivial.

    Two chunks repeat each other when the cosine of their vectors, in float64, is above
    ``threshold``. The figures are:

    ``between``
        for each split that is held out, against each it is held out from: articles that are the
        same by ``shared_articles``, chunks that repeat there, by article
        and with examples. ``ci`` is an article-clustered 95 % interval of their share.
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
        """Look at the splits there are.

        Raises:
            DataError: no split holds a chunk, or they are of different dimensions.
        """
        splits = present(subject)
        chunks = Chunks(list(splits.values()))
        with reporter.progress("near-duplicate chunks", "tiles", tiles(chunks)) as done:
            repeats = find_repeats(chunks, self.options.threshold, done)
        look = Leaks(chunks, list(splits), repeats, self.options)
        within = {name: look.within(name) for name in splits}
        for name, split in splits.items():
            within[name]["windows"] = self._windows(split, reporter)
        figures = {
            "threshold": self.options.threshold,
            "ordinary": look.ordinary(),
            "between": look.between(),
            "within": within,
            "boilerplate": look.boilerplate(),
        }
        return diagnosis(figures, self.options)

    def _windows(self, split: Split, reporter: Reporter) -> dict[str, Any]:
        """Shares of windows whose query or target recurs, each with its interval."""
        try:
            windows = Windows(split, self.options.context, self.options.horizon)
        except DataError as error:
            return {"windows": 0, "reason": str(error)}
        with reporter.progress(
            f"{split.name}: the article's own repeats", "windows", len(windows)
        ) as n:
            found = recurrences(windows, self.options.threshold, n)
        draws = Resampling(len(split.lengths), self.options.seed)
        return {"windows": len(windows)} | {
            kind: share(draws, found[kind], windows.article) for kind in WINDOW_KINDS
        }


def present(subject: Splits) -> dict[str, Split]:
    """The splits that hold articles, by name.

    Raises:
        DataError: there is none, or their vectors are of different dimensions.
    """
    found = {name: split for name, split in subject.by_name.items() if len(split.lengths)}
    if not found:
        raise DataError("the splits hold no articles", hint="choose another store")
    first = next(iter(found.values()))
    for name, split in found.items():
        if split.dim != first.dim:
            what = f"has dimension {split.dim}, {first.name} has {first.dim}"
            hint = f"give --{name} a store of the same encoder"
            raise DataError(what, where=split.name, hint=hint)
    return found


def diagnosis(figures: dict[str, Any], options: LeakageOptions) -> Diagnosis:
    """The verdict on the figures of :class:`Leakage`."""
    leaks = [pair for pair in figures["between"] if leaking(pair, options)]
    return Diagnosis(
        verdict="LEAKS" if leaks else "CLEAN",
        sentence=sentence(figures, leaks, options),
        figures=figures,
        tables=tuple(table for table in tables(figures, options) if table.rows),
        change=change(figures, leaks, options),
        failed=bool(leaks),
    )


def leaking(pair: dict[str, Any], options: LeakageOptions) -> bool:
    """Whether a split shares more with one it is held out from than is tolerated."""
    return pair["shared_articles"] > 0 or pair["share"] > options.tolerated


def sentence(figures: dict[str, Any], leaks: list[dict[str, Any]], options: LeakageOptions) -> str:
    """What was found, with the figures of the worst pair of splits."""
    above = f"above cosine {options.threshold:g}"
    if not figures["between"]:
        only = next(iter(figures["within"]))
        return f"There is only {only}: nothing is held out that could leak."
    if not leaks:
        some = max(figures["between"], key=lambda pair: pair["share"])
        if some["repeated"]:
            return f"No article is shared; {repeated(some)} {above}, no more than is tolerated."
        held = {pair["held"]: pair["chunks"] for pair in figures["between"]}
        counts = " and ".join(f"{count:,} {name}" for name, count in held.items())
        return f"No article is shared, and none of {counts} chunks repeats {above}."
    worst = max(leaks, key=lambda pair: (pair["share"], pair["shared_articles"]))
    found = f"{repeated(worst)} {above}, in {count(worst['touched_articles'], 'article')}"
    if shared := sum(pair["shared_articles"] for pair in leaks):
        found += f"; {count(shared, 'whole article')} {'is' if shared == 1 else 'are'} shared"
    return f"{found}."


def repeated(pair: dict[str, Any]) -> str:
    """``38 of 1,170 val chunks (3.2 %, 95 % interval 0.3 to 8.0) repeat in train``."""
    low, high = pair["ci"]
    ci = "" if low != low else f", 95 % interval {100 * low:.1f} to {percent(high)}"
    return (
        f"{pair['repeated']:,} of {pair['chunks']:,} {pair['held']} chunks "
        f"({percent(pair['share'])}{ci}) repeat in {pair['known']}"
    )


def change(figures: dict[str, Any], leaks: list[dict[str, Any]], options: LeakageOptions) -> str:
    """The shortest way to data whose figures mean what they say; empty where nothing is wrong."""
    ordinary = figures["ordinary"]
    if ordinary["pairs"] and ordinary["high"] >= options.threshold:
        return (
            f"cosines above {options.threshold:g} are ordinary here (one random pair in 20 is "
            f"above {number(ordinary['high'])}): centre the vectors before asking, or raise the "
            "threshold"
        )
    if any(pair["shared_articles"] for pair in leaks):
        return "take the shared articles out of one split; lvmctl data split assigns whole articles"
    if leaks:
        boilerplate = sum(pair["boilerplate"] for pair in leaks)
        if 2 * boilerplate > sum(pair["repeated"] for pair in leaks):
            return "most of it is boilerplate: drop these chunks from the text and embed it again"
        return "move articles that repeat each other into one split, or drop the repeated chunks"
    easy = [
        (found["windows"]["last"]["share"], name)
        for name, found in figures["within"].items()
        if "last" in found["windows"]
    ]
    if easy and max(easy)[0] > EASY:
        value, name = max(easy)
        return (
            f"{percent(value)} of {name} windows find their own query among the candidates: "
            "drop repeated chunks before in-article retrieval is believed"
        )
    return ""


def tables(figures: dict[str, Any], options: LeakageOptions) -> tuple[Table, ...]:
    """The figures for a reader."""
    head = ("held out", "known from", "shared articles", "chunks repeated", "share", "low", "high")
    between = tuple(
        (p["held"], p["known"], p["shared_articles"], p["repeated"], p["share"], *p["ci"])
        for p in figures["between"]
    )
    articles = tuple(
        (p["held"], p["known"], a["article"], a["title"] or "", a["repeated"], a["chunks"])
        for p in figures["between"]
        for a in p["by_article"][: options.examples]
    )
    examples = tuple(
        (e["cosine"], where(e["chunk"]), where(e["repeats"]), e["chunk"].get("text", ""))
        for p in figures["between"]
        for e in p["examples"]
    )
    kinds = ("overlapping_articles", "copied_articles", "contained_articles")
    within = tuple(
        (name, *(found[kind] for kind in kinds)) for name, found in figures["within"].items()
    )
    windows = tuple(
        (name, text, found["windows"][kind]["share"], *found["windows"][kind]["ci"])
        for name, found in figures["within"].items()
        for kind, text in WINDOW_KINDS.items()
        if kind in found["windows"]
    )
    boilerplate = tuple(
        (e["articles"], where(e["chunk"]), e["chunk"].get("text", ""))
        for e in figures["boilerplate"]["examples"]
    )
    inside = ("split", "rows in two articles", "copies of articles", "all of it elsewhere")
    listed = ("held out", "known from", "article", "title", "repeated", "of chunks")
    return (
        Table(head, between, "Between splits"),
        Table(listed, articles, "Articles with the most repeated chunks"),
        Table(("cosine", "chunk", "repeats", "text"), examples, "Examples"),
        Table(inside, within, "Articles within a split"),
        Table(("split", "windows where", "share", "low", "high"), windows, "Candidates"),
        Table(("articles", "chunk", "text"), boilerplate, "Boilerplate"),
    )


def where(place: dict[str, Any]) -> str:
    """``val 17:3``: split, article and position."""
    return f"{place['split']} {place['article']}:{place['position']}"
