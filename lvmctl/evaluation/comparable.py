"""Which runs can be compared, and what they are called."""

from __future__ import annotations

from collections.abc import Sequence

from lvmctl.core.errors import DataError, UsageError, nearest
from lvmctl.core.inputs import real
from lvmctl.core.runs import refuse_repeats
from lvmctl.evaluation.eval_data import EvalData
from lvmctl.evaluation.trained import Trained


def row_names(trained: Sequence[Trained], taken: Sequence[str]) -> list[str]:
    """Names of the runs' rows: paths where a name is not theirs alone."""
    names = [run.name for run in trained]
    refuse_repeats([run.run.path for run in trained])
    return [
        name if names.count(name) == 1 and name not in taken else str(real(run.run.path))
        for name, run in zip(names, trained)
    ]


def named_run(against: str, trained: Sequence[Trained], names: Sequence[str]) -> str:
    """The row of the run that ``against`` names, by its row or its path; else ``against``."""
    for run, name in zip(trained, names):
        if real(against) == real(run.run.path) and against not in names:
            return name
    return against


def known(name: str, names: Sequence[str]) -> None:
    """Refuse a name that no predictor has."""
    if name not in names:
        close = nearest(name, list(names))
        hint = f"did you mean {close!r}?" if close else f"there are {', '.join(names)}"
        what = f"no baseline or run of these is called {name!r}"
        raise UsageError(what, where="--against", hint=hint)


def same_horizon(trained: Sequence[Trained]) -> None:
    """Refuse runs that predict chunks at different distances."""
    first = trained[0]
    for run in trained:
        if run.plan.options.horizon != first.plan.options.horizon:
            raise UsageError(
                f"predicts {run.plan.options.horizon} chunks ahead, {first.name} "
                f"{first.plan.options.horizon}: they cannot be compared",
                where=run.run.path,
                hint="compare runs of one horizon",
            )


def same_dimension(trained: Sequence[Trained]) -> None:
    """Refuse runs that no one split can be given to: their dimensions differ, and their models
    read no other space than they were trained in."""
    bound = [run for run in trained if not run.plan.model.entry.record.any_space or run.transform]
    for run in bound:
        if run.dim != bound[0].dim:
            raise DataError(
                f"reads vectors of dimension {run.dim}, {bound[0].name} of {bound[0].dim}: "
                "no data suits both",
                where=run.run.path,
                hint="compare runs that were trained on stores of one encoder",
            )


def same_data(trained: Sequence[Trained], each_data: Sequence[EvalData]) -> None:
    """Refuse runs that were validated on different articles."""
    content = [
        (data.val.split.source["content_hash"], data.val.split.source["articles_sha256"])
        for data in each_data
    ]
    for run, data, other in zip(trained, each_data, content):
        if other != content[0]:
            raise DataError(
                f"was validated on {data.val.split.name}, {trained[0].name} on other articles",
                where=run.run.path,
                hint="name one split for all with --data",
            )
