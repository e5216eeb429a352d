"""Windows of a file → the articles they were cut from (docs/methods.md#assembly)."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from lvmctl.core.errors import refuse
from lvmctl.core.formatting import count
from lvmctl.core.reporter import Reporter
from lvmctl.data.chains import chain, numbered
from lvmctl.data.collapse import Layout, collapse, keep_apart, only_articles, whole_windows
from lvmctl.data.npz.files import BankFile, WindowFile, hashes

MAX_LOST = 0.1
"""Share of windows that may be lost in assembly before they are kept apart instead."""
MAX_REPEATED = 0.25
"""Share of windows that stand in the file before; a text that repeats itself stays below it, a file
that was written twice does not."""
MAX_FOREIGN = 0.1
"""Share of windows that may be missing in a bank that is said to hold them."""
SEPARATE = "each window is an article of its own, and what needs longer articles cannot be computed"


@dataclass
class Assembly:
    """How the flat rows of a file became articles.

    Attributes:
        layout: chunks and articles; rows of windows that were left out are no chunk (-1).
        how: what told which window follows which.
        apart: each window is an article of its own.
        cuts: places where the text repeats and the next window is not known.
        crossing: windows of more than one article, left out.
        lost: windows that no longer lie in one article.
        hashes: (count,) of all flat rows, where they were needed.
        notices: what a user should hear, one line each.
    """

    layout: Layout
    how: str
    apart: bool = False
    cuts: int = 0
    crossing: int = 0
    lost: int = 0
    hashes: np.ndarray | None = None
    notices: list[str] = field(default_factory=list)


def assemble(file: WindowFile, reporter: Reporter) -> Assembly:
    """Articles from the places that the file states, else from windows that overlap."""
    inside = np.flatnonzero(~file.crossing)
    what = f"has no window inside one article, all {file.windows:,} cross articles"
    refuse(not len(inside), what, file.path, "cut windows inside the articles")
    width = file.context_length + 1
    hashed, cuts = None, 0
    notices: list[str] = []
    placed = file.ids is not None and file.targets_at is not None
    if placed and int(file.targets_at[inside].min()) < file.steps[-1]:
        early = f"has targets before place {file.steps[-1]}, where no window fits before them"
        notices.append(f"{file.path} {early}: its positions are not used")
        placed = False
    if placed:
        how = "metadata" if file.metadata is not None else "article ids and positions"
        article, oldest = file.ids[inside], file.targets_at[inside] - file.steps[-1]
    else:
        hashed = _hashes(file, reporter)
        rows = numbered([hashed]).reshape(-1, width)[inside]
        group = None if file.ids is None else numbered([file.ids[inside]])
        first = _first_copies(rows, group)
        repeated = len(inside) - len(first)
        if repeated > MAX_REPEATED * len(inside):
            inside, rows = inside[first], rows[first]
            group = None if group is None else group[first]
            again = f"{count(repeated, 'window')} stood in the file before: the copies are left out"
            notices.append(f"{file.path}: {again}")
        chains = chain(rows, file.horizon, group)
        how = "overlap" if group is None else "overlap inside article ids"
        article, oldest, cuts = chains.chain, chains.place, chains.cuts
        if chains.count == len(inside) > 1:
            unlike = f"no window overlaps another as at horizon {file.horizon}"
            hint = "if targets lie further on, say so with --horizon"
            made = separate(file, f"{unlike}: {SEPARATE}; {hint}", hashed)
            if repeated:
                again = f"{count(repeated, 'window')} stood in the file before"
                made.notices.append(f"{file.path}: {again}")
            return made
    places = (oldest[:, None] + file.steps).ravel()
    inner = collapse(np.repeat(article, width), places, file.path)
    whole = whole_windows(inner, width, file.steps[-1])
    lost = int((~whole).sum())
    if lost > MAX_LOST * len(inside):
        gap = f"{lost:,} of {len(inside):,} windows have a gap before their target"
        return separate(file, f"{gap} that nothing fills: {SEPARATE}", hashed)
    if lost:
        held = np.unique(inner.owner[inner.chunk.reshape(-1, width)[whole, 0]])
        inner = only_articles(inner, held)
    chosen = (inside[:, None] * width + np.arange(width)).ravel()
    made = Assembly(_within(inner, chosen, file.count), how, hashes=hashed, notices=notices)
    made.cuts, made.lost, made.crossing = cuts, lost, int(file.crossing.sum())
    if lost:
        made.notices.append(
            f"{file.path}: {lost:,} of {count(len(inside), 'window')} left out, nothing fills the "
            "gap before their target"
        )
    if how == "overlap" and len(inner.lengths) == 1 and len(inside) > 1:
        made.notices.append(
            f"{file.path}: the windows run through the whole file, so it is one article; if it "
            "holds several, say which with article_ids, --articles-npz or trusted metadata"
        )
    return made


def from_bank(file: WindowFile, bank: BankFile, reporter: Reporter) -> Assembly:
    """The bank's articles that the windows name or, without ids, that hold the windows' rows."""
    what = f"has dimension {bank.dim}, {file.path} has {file.dim}"
    refuse(file.dim != bank.dim, what, bank.path, "use a bank of the same encoder")
    hint = "give the bank the windows were cut from"
    if file.ids is not None:
        wanted = np.unique(file.ids)
        missing = wanted[~np.isin(wanted, bank.ids)]
        first = f"{missing[0]} first" if len(missing) else ""
        what = f"lacks {len(missing)} of the articles that {file.path} names, {first}"
        refuse(len(missing), what, bank.path, hint)
        rows = np.flatnonzero(np.isin(bank.ids, wanted))
        inner = collapse(bank.ids[rows], bank.positions[rows], bank.path)
        return Assembly(_within(inner, rows, bank.count), "bank, by article ids")
    whole = collapse(bank.ids, bank.positions, bank.path)
    ends = np.cumsum(whole.lengths)
    starts = np.arange(len(whole.source))
    owner = whole.owner
    starts = starts[starts + file.steps[-1] < ends[owner]]
    in_bank = hashes(bank, whole.source)[starts[:, None] + file.steps]
    in_file = _hashes(file, reporter).reshape(-1, len(file.steps))
    key = numbered(list(np.concatenate([in_bank, in_file]).T))
    foreign = int((~np.isin(key[len(starts) :], key[: len(starts)])).sum())
    what = f"lacks {foreign:,} of the {file.windows:,} windows of {file.path}"
    refuse(foreign > MAX_FOREIGN * file.windows, what, bank.path, hint)
    wanted = owner[starts[np.isin(key[: len(starts)], key[len(starts) :])]]
    rows = np.flatnonzero(np.isin(owner[whole.chunk], wanted))
    inner = collapse(bank.ids[rows], bank.positions[rows], bank.path)
    made = Assembly(_within(inner, rows, bank.count), "bank, by equal rows")
    if foreign:
        made.notices.append(f"{bank.path}: {what}")
    return made


def whole_bank(bank: BankFile) -> Assembly:
    """All articles of a bank of chunks."""
    return Assembly(collapse(bank.ids, bank.positions, bank.path), "chunks in a bank")


def separate(
    file: WindowFile, why: str | None = None, hashed: np.ndarray | None = None
) -> Assembly:
    """Each window an article of its own; ``why``, where the user did not ask for it."""
    layout = keep_apart(file.windows, file.context_length + 1)
    made = Assembly(layout, "separate windows", apart=True, hashes=hashed)
    if why is not None:
        made.notices.append(f"{file.path}: {why}")
    return made


def _hashes(file: WindowFile, reporter: Reporter) -> np.ndarray:
    with reporter.progress("compare", "rows", file.count) as done:
        return hashes(file, done=done)


def _first_copies(rows: np.ndarray, group: np.ndarray | None) -> np.ndarray:
    """Ascending numbers of the windows (W, K + 1) of whose group none before has the same rows."""
    key = numbered([*rows.T, *([] if group is None else [group])])
    return np.sort(np.unique(key, return_index=True)[1])


def _within(inner: Layout, rows: np.ndarray, count: int) -> Layout:
    """The layout of chosen flat rows as one of all ``count`` of them."""
    chunk = np.full(count, -1)
    chunk[rows] = inner.chunk
    return replace(inner, source=rows[inner.source], chunk=chunk)
