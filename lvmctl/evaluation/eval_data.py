"""What is evaluated on what: held-out windows, and the training windows baselines learn from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lvmctl.core.errors import DataError, LvmctlError, UsageError
from lvmctl.data.fingerprint import require_one_space
from lvmctl.data.splits.assign import split_counts
from lvmctl.data.splits.identity import same_data, shared_articles, split_records
from lvmctl.data.splits.open import (
    Splits,
    join,
    open_part,
    open_source,
    open_split,
    open_splits,
)
from lvmctl.data.splits.sources import Source
from lvmctl.data.splits.split import Split
from lvmctl.data.transforms import Transform, apply_transform, fit, read_backward
from lvmctl.data.windows import Windows
from lvmctl.evaluation.trained import Trained
from lvmctl.registry.specs import Shape

DATA_SEED = 0
"""Of which articles are taken: the same for every run and predictor."""


@dataclass(frozen=True)
class EvalRequest:
    """What the user typed.

    Attributes:
        data: source to evaluate on; None is the run's own validation split.
        train: sources to fit baselines on; nothing is the run's own training split.
        ood: text of another source; None is the run's own.
        max_windows: whole articles up to this many windows; None is all.
        min_article: shortest article of in-article metrics; None is the run's own.
        transform: what chunks go through first, fitted on the training split; a run has its own.
    """

    data: str | None = None
    train: Sequence[str] = ()
    ood: str | None = None
    max_windows: int | None = None
    min_article: int | None = None
    transform: str | None = None


@dataclass(frozen=True)
class EvalData:
    """Windows to evaluate on and to fit on.

    Attributes:
        val: held-out windows.
        ood: windows of another source, if there are any.
        train: windows that fitted baselines learn from, if there are any.
        min_article: shortest article of in-article metrics.
        notices: what the user should hear.
        reads: how many chunks predictors read, the newest of each window that is evaluated; 0 is
            all of them. Pools leave out the whole window (docs/methods.md#one-pool).
    """

    val: Windows
    ood: Windows | None
    train: Windows | None
    min_article: int
    notices: list[str] = field(default_factory=list)
    reads: int = 0

    @property
    def context(self) -> int:
        """K, the chunks that predictors read."""
        return self.reads or self.val.context_length

    @property
    def shape(self) -> Shape:
        """What baselines are built for."""
        return Shape(self.val.split.dim, self.context, self.val.horizon)

    def conditions(self, left_out: list[str]) -> dict[str, Any]:
        """What was measured on what, as plain data.

        Args:
            left_out: baselines without training data.
        """
        return {
            "context": self.context,
            "horizon": self.val.horizon,
            "min_article": self.min_article,
            "data": self.record(),
            "left_out": left_out,
            "notices": self.notices,
        }

    def record(self) -> dict[str, Any]:
        """Which data this is, for a result that can be recomputed."""
        parts = {"val": self.val, "ood": self.ood, "train": self.train}
        return {
            name: {
                "name": windows.split.name,
                "windows": len(windows),
                "articles": len(windows.split.articles),
                **windows.split.source,
            }
            for name, windows in parts.items()
            if windows is not None
        }


def of_store(request: EvalRequest, context: int, horizon: int) -> EvalData:
    """Windows of a store without a run: the validation split of ``request.data`` (by default the
    demonstration data) and its training split, as a training takes them. All of ``request.data``,
    or the split it names, where training data is named beside it; ``STORE@split`` by itself leaves
    nothing to fit on."""
    names_split = request.data is not None and Source.parse(request.data).split is not None
    if not request.train and not names_split:
        splits = open_splits(request.data, seed=DATA_SEED)
        val, train, notices = splits.val, splits.train, list(splits.notices)
    else:
        val, train = open_split(request.data, seed=DATA_SEED), opened(request.train)
        notices = list(val.notices)
        if train is not None and (shared := int(shared_articles(train, val).sum())):
            notices.append(f"{shared} of {len(val.lengths)} articles are training articles")
    ood = None if request.ood is None else open_part(request.ood, "ood", DATA_SEED)
    transform = None
    if request.transform is not None:
        if train is None:
            raise UsageError(
                "there are no training articles to fit it on",
                where=f"--transform {request.transform}",
                hint="give --train STORE",
            )
        transform = fit(request.transform, train)
    return windows_of(request, (context, horizon), val, train, ood, notices, transform)


def of_run(request: EvalRequest, trained: Trained, window: int | None = None) -> EvalData:
    """Held-out windows for a run, and its own training windows.

    Args:
        window: chunks in a window that is evaluated, where these are more than the run reads.

    Raises:
        DataError: the data is gone, has another dimension, or holds training articles that were
            not asked for by name.
    """
    options = trained.plan.options
    shape = (options.context, options.horizon)
    run_splits, notices = own_splits(trained.config)
    trained_on = run_splits and run_splits.train
    if trained_on is not None and options.windows:
        trained_on = trained_on.subset(options.windows, *shape, DATA_SEED)
    if request.data is not None:
        val = held_out(request.data, run_splits and run_splits.train, "val")
        if run_splits is None:
            refuse_same_store(val, trained)
            notices.append("whether articles were trained on is unknown")
        notices += [notice for notice in val.notices if notice not in notices]
    elif run_splits is None:
        raise DataError(
            f"the data of the run cannot be used ({notices[-1]})",
            where=trained.run.path,
            hint="name data to evaluate on with --data",
        )
    else:
        val = run_splits.val
    if request.ood is not None:
        ood = held_out(request.ood, run_splits and run_splits.train, "ood")
        notices += [notice for notice in ood.notices if notice not in notices]
    else:
        ood = run_splits and run_splits.ood if request.data is None else None
    train = opened(request.train) or trained_on
    for split in (val, ood):
        if split is not None and split.dim != trained.dim:
            raise DataError(
                f"has dimension {split.dim}, the run was trained on {trained.dim}",
                where=split.name,
                hint="give data of the same encoder",
            )
        if split is not None:
            trained_by = trained.config["splits"]["train"].get("encoder")
            among = "what the run was trained on"
            require_one_space(split.source["encoder"], trained_by, split.name, among)
    request = replace(request, min_article=request.min_article or options.min_article)
    splits = (val, train, ood, notices, trained.transform)
    return windows_of(request, shape, *splits, window=window, direction=options.direction)


def own_splits(config: Mapping[str, Any]) -> tuple[Splits | None, list[str]]:
    """The splits that a run was trained with by its ``config.json``, or None when they are gone or
    changed, and why."""
    try:
        splits = open_splits(**config["data"])
        if not same_data(split_records(splits), config["splits"]):
            return None, ["its content or splits have changed since the training"]
    except LvmctlError as error:
        return None, [str(error)]
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
        shared = 0 if train is None else int(shared_articles(train, val).sum())
        if not shared:
            return val
        notice = f"{shared} of {len(val.lengths)} articles of {val.name} are training articles"
        return replace(val, notices=(*val.notices, notice))
    counts = split_counts(store.articles)
    val = open_split(text, part if part in counts else None)
    if train is None or not shared_articles(train, val).any():
        return val
    if part == "val" and val.source["content_hash"] == train.source["content_hash"] and not counts:
        val = open_split(text, part, DATA_SEED)  # as it was split for the training
    shared = int(shared_articles(train, val).sum())
    if shared:
        raise DataError(
            f"{shared} of {len(val.lengths)} articles were trained on",
            where=val.name,
            hint="name other data, or ask for them by name with "
            f"--{'ood' if part == 'ood' else 'data'} {text}@train",
        )
    return val


def refuse_same_store(val: Split, trained: Trained) -> None:
    """Refuse the store a run was trained on where its training articles are unknown."""
    content = trained.config["splits"]["train"].get("content_hash")
    if val.source["content_hash"] == content and val.source["split"] not in ("val", "test", "ood"):
        raise DataError(
            "this is the store the run was trained on, and its splits are not known",
            where=val.name,
            hint="restore it where config.json says, or name one split of it, e.g. STORE@val",
        )


def opened(sources: Sequence[str]) -> Split | None:
    """The training articles of ``sources``, joined; None without any."""
    return join([open_part(text, "train", DATA_SEED) for text in sources]) if sources else None


def windows_of(
    request: EvalRequest,
    shape: tuple[int, int],
    val: Split,
    train: Split | None,
    ood: Split | None,
    notices: list[str],
    transform: Transform | None,
    window: int | None = None,
    direction: str = "forward",
) -> EvalData:
    """The windows of opened splits, at most ``request.max_windows`` of each that is evaluated, with
    transformed chunks, read in a direction; those that are evaluated may be longer than K."""
    if train is not None and train.dim != val.dim:
        raise DataError(
            f"has dimension {train.dim}, the data to evaluate on has {val.dim}",
            where=train.name,
            hint="give --train a store of the same encoder",
        )
    for split in (train, ood):
        if split is not None:
            one, other = split.source["encoder"], val.source["encoder"]
            require_one_space(one, other, split.name, "the data to evaluate on")
    context, horizon = shape
    evaluated = (window or context, horizon)
    parts = []
    for split, part_shape in ((val, evaluated), (ood, evaluated), (train, shape)):
        if split is not None and direction == "backward":
            split = read_backward(split)
        if split is not None and transform is not None:
            split = apply_transform(split, transform)
        if split is not None and len(parts) < 2 and request.max_windows is not None:
            # Global pools keep all chunks of the split (docs/methods.md#protocol).
            split = replace(split.subset(request.max_windows, *part_shape, DATA_SEED), whole=split)
        parts.append(split and Windows(split, *part_shape))
    if val.separate:
        notices = [
            *notices,
            f"{val.name} is separate windows, each of which counts as an article: where they "
            "overlap, intervals are too narrow",
        ]
    if direction == "backward":
        notices = [*notices, "articles are read backward: the target is the chunk before"]
    if transform is not None:
        notices = [*notices, f"chunks are transformed ({transform.name}), baselines' too"]
    return EvalData(*parts, request.min_article or 20, notices, context)
