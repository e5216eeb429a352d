"""Held-out text for a run: its own, or other text that it was not trained on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, LvmctlError, OutputError, refuse
from lvmctl.core.formatting import count
from lvmctl.core.runs import PUBLISHED
from lvmctl.data.fingerprint import require_one_space, space_fault
from lvmctl.data.splits.assign import split_counts
from lvmctl.data.splits.identity import same_data
from lvmctl.data.splits.levels import at_levels, level_of
from lvmctl.data.splits.open import Splits, join, open_part, open_source, open_split, open_splits
from lvmctl.data.splits.shared import Shared, overlap_notice, shared
from lvmctl.data.splits.split import Split
from lvmctl.evaluation.trained import Trained

DATA_SEED = 0
"""Of which articles are taken: the same for every run and predictor."""


def own_splits(
    config: Mapping[str, Any], level: str | None = None
) -> tuple[Splits | None, list[str]]:
    """The splits that a run was trained with, by its ``config.json``, of the same articles at
    ``level`` (by default the run's own); or None and why, when they are gone or changed.

    Raises:
        DataError: they do not have this level.
        OutputError: a synthetic world cannot be written.
    """
    if PUBLISHED in config:
        return None, ["a published model does not say what it was trained on"]
    try:
        splits = open_splits(**config["data"])
        if not same_data(splits.records(), config["splits"]):
            return None, ["its content or splits have changed since the training"]
    except OutputError:
        raise
    except LvmctlError as error:
        return None, [str(error)]
    if level not in (None, level_of(config["data"])):
        splits = open_splits(**at_levels(config["data"], level))
    return splits, list(splits.notices)


def held_out(text: str, train: Split | None, part: str) -> Split:
    """The split of ``text`` to evaluate on.

    ``STORE@val`` is that split. Otherwise a store's articles of ``part``; all of a store without
    splits, or its held-out tenth when it was trained on.

    Raises:
        DataError: training articles would be evaluated on, and were not asked for by name.
    """
    store, named = open_source(text)
    if named is not None:
        val = open_split(text)
        return val if train is None else _with_notice(val, train, shared(train, val))
    counts = split_counts(store.articles)
    val = open_split(text, part if part in counts else None)
    if train is None:
        return val
    same_store = val.source["content_hash"] == train.source["content_hash"]
    if part == "val" and same_store and not counts:
        val = open_split(text, part, DATA_SEED)  # as it was split for the training
    overlap = shared(train, val)
    # Windows that overlap share most of their chunks; those that were trained on share all.
    known = overlap.of_article == 1 if val.separate else overlap.articles
    held_out_there = same_store and not np.isin(val.starts, train.starts).any()
    if known.any() and not held_out_there:
        raise DataError(
            f"{known.sum()} of {count(len(val.lengths), 'article')} were trained on",
            where=val.name,
            hint="name other data, or ask for them by name with "
            f"--{'ood' if part == 'ood' else 'data'} {text}@train",
        )
    return _with_notice(val, train, overlap)


def _with_notice(val: Split, train: Split, overlap: Shared) -> Split:
    notice = overlap_notice(overlap, val, train)
    return val if notice is None else replace(val, notices=(*val.notices, notice))


def refuse_same_store(val: Split, trained: Trained) -> None:
    """Refuse the store a run was trained on where its training articles are unknown."""
    content = trained.config["splits"]["train"].get("content_hash")
    if val.source["content_hash"] == content and val.source["split"] not in ("val", "test", "ood"):
        raise DataError(
            "this is the store the run was trained on, and its splits are not known",
            where=val.name,
            hint="restore it where config.json says, or name one split of it, e.g. STORE@val",
        )


ANOTHER_SPACE = (
    "the run was trained in another space of vectors: what it fitted there counts as unknown"
)
"""What is said of a run that serves data of another encoder."""


def opened(sources: Sequence[str]) -> Split | None:
    """The training articles of ``sources``, joined; None without any."""
    return join([open_part(text, "train", DATA_SEED) for text in sources]) if sources else None


def in_one_space(split: Split, trained: Trained) -> bool:
    """Whether the chunks of ``split`` lie in the space of those that a run was trained on, as far
    as is known.

    Raises:
        DataError: they do not, and the run needs that they do.
    """
    encoder, trained_by = split.source["encoder"], trained.config["splits"]["train"].get("encoder")
    if split.dim == trained.dim and space_fault(encoder, trained_by) is None:
        return True
    if not trained.plan.model.entry.record.any_space:
        what = f"has dimension {split.dim}, the run was trained on {trained.dim}"
        refuse(split.dim != trained.dim, what, split.name, "give data of the same encoder")
        require_one_space(encoder, trained_by, split.name, "what the run was trained on")
    what = (
        f"lies in another space than what transform {trained.plan.options.transform} was fitted on"
    )
    refuse(trained.transform is not None, what, split.name, "give data of the same encoder")
    return False
