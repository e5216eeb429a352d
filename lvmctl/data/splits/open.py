"""Opening data for use: which articles train, validate, are held out, are of another source."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, UsageError, located, refuse
from lvmctl.core.paths import typed
from lvmctl.data.fingerprint import require_one_space, unknown_spaces
from lvmctl.data.splits.assign import split_counts, window_gap
from lvmctl.data.splits.assign_store import with_split
from lvmctl.data.splits.shared import KnownChunks, overlap_notice
from lvmctl.data.splits.sources import Source
from lvmctl.data.splits.split import Split
from lvmctl.data.store.arrays import release, written_rows
from lvmctl.data.store.manifest import SPLITS
from lvmctl.data.store.store import Store


@dataclass(frozen=True)
class Splits:
    """Articles by what they serve.

    Attributes:
        train, val: to train on, and to choose and stop by.
        ood: text of another source, if there is any.
        notices: what the user should hear about them.
        test: the data's own articles that are held out of both, if there are any.
    """

    train: Split
    val: Split
    ood: Split | None
    notices: list[str]
    test: Split | None = None

    @property
    def by_name(self) -> dict[str, Split]:
        """The splits there are."""
        splits = {name: getattr(self, name) for name in SPLITS}
        return {name: split for name, split in splits.items() if split is not None}

    def records(self) -> dict[str, Any]:
        """What a training and its evaluation use, for ``config.json`` and the manifest."""
        return {
            name: {"name": split.name, "dim": split.dim, "chunks": split.chunks, **split.source}
            for name, split in self.by_name.items()
            if name != "test"
        }


def open_splits(
    data: str | None = None,
    train: Sequence[str] = (),
    val: str | None = None,
    ood: str | None = None,
    seed: int = 0,
) -> Splits:
    """Open the data of a training (docs/methods.md#splits).

    Args:
        data: ``STORE``, ``file.npz`` or ``synth:NAME?key=value``, used as ``@train`` and ``@val``
            and, where it has them, ``@test`` and ``@ood``; None with nothing else given is the
            embedded default data.
        train: stores to train on, joined; needs ``val``. Without ``@split``, a store's ``train``
            articles, or all of a store that has no splits.
        val, ood: stores of their own; they take the place of those of ``data``. Without
            ``@split``, their articles of that name, or all where there are no splits or no ``ood``.
        seed: of the 80/10/10 split of a store without splits.

    Raises:
        UsageError: options that contradict each other.
        DataError: a source that cannot be used, an empty split, different dimensions.
    """
    if data is not None and train:
        raise UsageError("--data and --train both name training articles", hint="give one of them")
    if train and val is None:
        raise UsageError("--train needs --val", hint="add --val STORE, or use --data STORE")
    if train:
        chosen = {"train": join([open_part(text, "train", seed) for text in train])}
    elif data is None and val is not None:
        raise UsageError("--val needs --train or --data", hint="add --train STORE")
    else:
        chosen = _parts(data, seed)
    if val is not None:
        chosen["val"] = open_part(val, "val", seed)
    if ood is not None:
        chosen["ood"] = open_part(ood, "ood", seed)
    stores = [store for split in chosen.values() for store in split.joined or (split,)]
    notices = unknown_spaces({store.source["path"]: store.source["encoder"] for store in stores})
    known = KnownChunks(chosen["train"])
    for name, split in chosen.items():
        what = f"has dimension {split.dim}, the training data has {chosen['train'].dim}"
        hint = f"give --{name} a store of the same encoder"
        refuse(split.dim != chosen["train"].dim, what, split.name, hint)
        trained = chosen["train"].source["encoder"]
        require_one_space(split.source["encoder"], trained, split.name, "the training data", hint)
        notices += [notice for notice in split.notices if notice not in notices]
        if name == "train":
            continue
        kind = {"val": "validation", "ood": "out-of-domain"}.get(name, name)
        overlap = overlap_notice(known.shared(split), split, known.trained, f"{kind} ")
        if overlap is not None:
            notices.append(f"{overlap}: {name} figures are not held out")
    return Splits(
        chosen["train"], chosen["val"], chosen.get("ood"), notices, test=chosen.get("test")
    )


def open_split(text: str | None = None, split: str | None = None, seed: int = 0) -> Split:
    """Open one source as one split.

    Args:
        text: as ``data`` of :func:`open_splits`; ``STORE@val`` wins over ``split``.
        split: ``train``, ``val``, ``test`` or ``ood``; None is every article of the source.
        seed: of the 80/10/10 split of a store without splits, where one is asked for.

    Raises:
        DataError: a source that cannot be used, or an empty split.
    """
    store, named = open_source(text)
    wanted = named or split
    return select(store if wanted is None else with_splits(store, seed), wanted)


def join(splits: Sequence[Split]) -> Split:
    """One split of all articles, in order, copied to a temporary file; a DataError where their
    dimensions differ or one is separate windows with a horizon above 1."""
    first = splits[0]
    if len(splits) == 1:
        return first
    for split in splits:
        what = f"has dimension {split.dim}, {first.name} has {first.dim}"
        hint = "join stores of one encoder"
        refuse(split.dim != first.dim, what, split.name, hint)
        one, other = split.source["encoder"], first.source["encoder"]
        require_one_space(one, other, split.name, first.name, hint)
        what = "holds separate windows and cannot be joined to other stores"
        hint = "import the files into one store"
        refuse(split.target_row is not None, what, split.name, hint)
    dtype = np.result_type(*(split.vectors.dtype for split in splits))
    lengths = np.concatenate([split.lengths for split in splits])
    with written_rows(int(lengths.sum()), first.dim, dtype) as (file, vectors):
        for split in splits:
            for low, high in split.article_blocks():
                file.write(np.ascontiguousarray(split.vectors[low:high], dtype).data)
            release(split.vectors)
    sources = [split.source for split in splits]
    hashes = "".join(source["content_hash"] for source in sources)
    return Split(
        vectors=vectors,
        starts=np.cumsum(lengths) - lengths,
        lengths=lengths,
        articles=[article for split in splits for article in split.articles],
        name=" + ".join(split.name for split in splits),
        source={
            "path": " + ".join(source["path"] for source in sources),
            "split": None,
            "content_hash": f"sha256:{hashlib.sha256(hashes.encode()).hexdigest()}",
            "encoder": first.source["encoder"],
            "joined": sources,
        },
        unit=all(split.unit for split in splits),
        exact=all(split.exact for split in splits),
        separate=any(split.separate for split in splits),
        notices=tuple(notice for split in splits for notice in split.notices),
        joined=tuple(splits),
    )


def open_source(text: str | None) -> tuple[Store, str | None]:
    """The store of a source and the split it names, if any; the default data for None."""
    if text is not None:
        source = Source.parse(text)
        return source.open(), source.split
    from lvmctl.data.text.default import default_store

    return default_store(), None


def _parts(text: str | None, seed: int) -> dict[str, Split]:
    """The splits of ``--data``, by name."""
    store, named = open_source(text)
    if named is not None:
        what = f"--data {text} is one split, training needs two"
        raise UsageError(what, hint=f"give --train {text} and --val STORE")
    store = _fitted_notice(with_splits(store, seed))
    names = {"train", "val", *split_counts(store.articles)}
    return {name: select(store, name) for name in SPLITS if name in names}


def open_part(text: str, part: str, seed: int) -> Split:
    """A store that is named for one ``part``: its ``@split``, or its articles of that name; all of
    it where it has no splits, or is text of another source and has no ``ood``."""
    store, split = open_source(text)
    if split is not None:
        store = with_splits(store, seed)
    if counts := split_counts(store.articles):
        store = _fitted_notice(store)
        if split is None and (part != "ood" or "ood" in counts):
            split = part
    return select(store, split)


def select(store: Store, split: str | None) -> Split:
    """The articles of a store in a split, or all of them; refused where there are none."""
    selected = Split.of(store, split)
    if not len(selected.lengths):
        counts = split_counts(store.articles)
        has = ", ".join(f"{name} {count}" for name, count in counts.items()) or "no splits"
        hint = f"assign splits with lvmctl data split {typed(store.path)} --by article"
        if selected.source["split"] == "ood":
            hint = "ood is text of another source; articles of this one are held out as @test"
        elif counts:
            hint += " --force"
        what = f"has no articles (the store has {has})"
        raise DataError(what, where=selected.name, hint=hint)
    return selected


def _fitted_notice(store: Store) -> Store:
    """The store, with a notice when its encoder saw the text that is to be held out."""
    how = store.manifest.get("made")
    if not isinstance(how, dict) or how.get("encoder_fitted_on") != "all":
        return store
    notice = (
        f"the encoder of {store.name} was fitted on all of its text, what is held out included; "
        "to keep them apart, embed .jsonl records that name their split"
    )
    return replace(store, notices=(*store.notices, notice))


def with_splits(store: Store, seed: int) -> Store:
    """The store, with 80/10/10 splits that are not written anywhere where it has none."""
    if split_counts(store.articles):
        return store
    gap = window_gap(store.manifest, store.lengths)
    with located(store.name):
        articles, _ = with_split(store.articles, gap, seed)
    counts = split_counts(articles)
    shown = " / ".join(str(count) for count in counts.values())
    what = "articles are split" if gap is None else "windows are split in blocks"
    notice = f"{store.name} has no splits: its {what} {shown} (train/val/test) with seed {seed}"
    if left_out := len(articles) - sum(counts.values()):
        notice += f", {left_out} between them are left out"
    manifest = {**store.manifest, "articles": articles, "split_seed": seed}
    return replace(store, manifest=manifest, notices=(*store.notices, notice))
