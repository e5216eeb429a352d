"""What is evaluated on what: held-out windows, and the training windows baselines learn from."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from lvmctl.core.errors import DataError, UsageError, refuse
from lvmctl.data.fingerprint import require_one_space
from lvmctl.data.splits.levels import at_level, at_level_of, several
from lvmctl.data.splits.open import open_part, open_split, open_splits
from lvmctl.data.splits.shared import overlap_notice, shared
from lvmctl.data.splits.sources import Source
from lvmctl.data.splits.split import Split
from lvmctl.data.transforms import BACKWARD, Transform, apply_transform, fit, read_backward
from lvmctl.data.windows import Windows
from lvmctl.evaluation.held_out import (
    ANOTHER_SPACE,
    DATA_SEED,
    held_out,
    in_one_space,
    opened,
    own_splits,
    refuse_same_store,
)
from lvmctl.evaluation.trained import Trained
from lvmctl.registry.specs import Shape


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
        level: of every source; None is the level that the run was trained on.
    """

    data: str | None = None
    train: Sequence[str] = ()
    ood: str | None = None
    max_windows: int | None = None
    min_article: int | None = None
    transform: str | None = None
    level: str | None = None

    def at_level(self, trained_on: dict[str, Any] | None = None) -> EvalRequest:
        """The request with its sources at their level.

        Args:
            trained_on: the sources of a run, of whose level they are where none is named.

        Raises:
            DataError: a source has no such level.
        """
        sources = {"data": self.data, "train": self.train, "ood": self.ood}
        if self.level is None:
            return replace(self, **at_level_of(trained_on or {}, sources))
        return replace(self, **{name: several(each, self.level) for name, each in sources.items()})


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
        same_space: the chunks lie in the space of those that the run was trained on.
    """

    val: Windows
    ood: Windows | None
    train: Windows | None
    min_article: int
    notices: list[str] = field(default_factory=list)
    reads: int = 0
    same_space: bool = True

    @property
    def context(self) -> int:
        """K, the chunks that predictors read."""
        return self.reads or self.val.context_length

    @property
    def shape(self) -> Shape:
        """What baselines are built for."""
        return Shape(self.val.split.dim, self.context, self.val.horizon)

    def conditions(self, left_out: list[str]) -> dict[str, Any]:
        """What was measured on what, as plain data; ``left_out`` are baselines without training
        data."""
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
    if request.level is not None and not (request.data or request.train):
        at_level(None, request.level)
    request = request.at_level()
    names_split = request.data is not None and Source.parse(request.data).split is not None
    if not request.train and not names_split:
        splits = open_splits(request.data, seed=DATA_SEED)
        val, train, notices = splits.val, splits.train, list(splits.notices)
    else:
        val, train = open_split(request.data, seed=DATA_SEED), opened(request.train)
        notices = list(val.notices)
        if train is not None and (notice := overlap_notice(shared(train, val), val, train)):
            notices.append(notice)
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
        DataError: the data is gone, has another dimension or not what the run reads, or holds
            training articles that were not asked for by name.
    """
    options = trained.plan.options
    shape = (options.context, options.horizon)
    request = request.at_level(trained.config["data"])
    run_splits, notices = own_splits(trained.config, request.level)
    notices = [*trained.notices, *notices]
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
    same_space = all(in_one_space(split, trained) for split in (val, ood) if split is not None)
    if not same_space:
        trained_on = None  # baselines that learn would learn in the other space
        notices.append(f"{ANOTHER_SPACE}, and so does whether it was trained on these articles")
    train = opened(request.train) or trained_on
    request = replace(request, min_article=request.min_article or options.min_article)
    splits = (val, train, ood, notices, trained.transform)
    data = windows_of(request, shape, *splits, window=window, direction=options.direction)
    for name in trained.plan.model.entry.record.reads:
        for windows in filter(None, (data.val, data.ood)):
            windows.source.require(name)
    return replace(data, same_space=same_space)


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
    for name, split in (("train", train), ("ood", ood)):
        if split is not None:
            what = f"has dimension {split.dim}, the data to evaluate on has {val.dim}"
            hint = f"give --{name} a store of the same encoder"
            refuse(split.dim != val.dim, what, split.name, hint)
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
        enough = request.max_windows if len(parts) < 2 else None
        if split is not None and enough is not None:
            # Global pools keep all chunks of the split (docs/methods.md#protocol).
            split = replace(split.subset(enough, *part_shape, DATA_SEED), whole=split)
        parts.append(split and Windows(split, *part_shape, enough))
    if val.separate:
        notices = [
            *notices,
            f"{val.name} is separate windows, each of which counts as an article: where they "
            "overlap, intervals are too narrow",
        ]
    if direction == "backward":
        notices = [*notices, BACKWARD]
    if transform is not None:
        notices = [*notices, f"chunks are transformed ({transform.name}), baselines' too"]
    return EvalData(*parts, request.min_article or 20, notices, context)
