"""Runs and baselines measured on held-out windows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from lvmctl.api.store import source_text, source_texts
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.core.runs import RunLike
from lvmctl.evaluation import compare as comparing
from lvmctl.evaluation.compare import Comparison
from lvmctl.evaluation.eval_data import EvalRequest
from lvmctl.evaluation.evaluate import Evaluation, evaluate_run, evaluate_store
from lvmctl.evaluation.fivecat.run import ABLATION_WINDOWS, FiveCat, run_fivecat
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.retrieval.ranks import POOLS
from lvmctl.registry import load_registry

if TYPE_CHECKING:
    from lvmctl.api.store import Source, Sources


def evaluate(
    run: RunLike = None,
    data: Source | None = None,
    *,
    train: Sources = (),
    ood: Source | None = None,
    pools: Sequence[str] = POOLS,
    global_pool: bool = True,
    ceilings: bool = False,
    max_windows: int | None = None,
    min_article: int | None = None,
    level: str | None = None,
    reporter: Reporter = SILENT,
) -> Evaluation:
    """Measure a run beside every baseline and oracle on held-out windows
    (docs/methods.md#protocol).

    Args:
        run: a run, its path, its name in ``runs/`` or the beginning of either; None is the run
            trained last.
        data: what to evaluate on; None is the run's own validation split.
        train: what baselines are fitted on; nothing is the run's own training split.
        ood: text of another source; None is the run's own.
        pools: in-article pools that targets are ranked in: ``filtered`` (all chunks of the
            article but the window's, the primary pool), ``future`` and ``unfiltered``.
        global_pool: rank among all chunks of the split too.
        ceilings: work out the largest margin that each class of models can have.
        max_windows: whole articles up to this many windows; None is all.
        min_article: shortest article, in chunks, of in-article ranks; None is the run's own.
        level: of the data, see :func:`lvmctl.add_level`: a finer level by name, or ``chunk``, a
            store's own. None is the level that the run was trained on.
        reporter: shown notices and progress.

    Returns:
        The metrics of each predictor with 95 % intervals that resample articles.

    Raises:
        RunError: no such run, or one without a best epoch.
        DataError: the data is gone, of another width, or was trained on.
        PluginError: a plugin that the run needs is missing or broken.
    """
    protocol = Protocol(pools=tuple(pools), everywhere=global_pool)
    request = eval_request(data, train, ood, max_windows, min_article, level=level)
    return evaluate_run(load_registry(), run, request, protocol, reporter, ceilings)


def evaluate_baselines(
    data: Source | None = None,
    *,
    train: Sources = (),
    context: int = 5,
    horizon: int = 1,
    transform: str | None = None,
    pools: Sequence[str] = POOLS,
    global_pool: bool = True,
    max_windows: int | None = None,
    min_article: int | None = None,
    level: str | None = None,
    reporter: Reporter = SILENT,
) -> Evaluation:
    """Measure every baseline and oracle on windows of a store; no model is needed.

    Args:
        data: a store, of which the validation split is evaluated and the training split is fitted
            on, as in a training; None is the demonstration data. All of it is evaluated where
            ``train`` is given, and one split where it names that (``"STORE@val"``).
        train: what baselines that learn are fitted on.
        context, horizon: K and h of the windows.
        transform: what chunks go through first, fitted on ``train``.
        pools, global_pool, max_windows, min_article, level, reporter: as in
            :func:`lvmctl.evaluate`.

    Raises:
        DataError: data that cannot be used.
        UsageError: a transform, and nothing to fit it on.

    Example:
        >>> result = lvmctl.evaluate_baselines("synth:ar1?articles=10&chunks=12&dim=8")
        >>> metrics = result.to_dict()["predictors"]["direct"]
        >>> round(metrics["cos_next"], 1)
        0.9
    """
    protocol = Protocol(pools=tuple(pools), everywhere=global_pool)
    request = eval_request(data, train, None, max_windows, min_article, transform, level)
    return evaluate_store(load_registry(), request, (context, horizon), protocol, reporter)


def compare(
    runs: Sequence[RunLike] = (),
    against: str = "direct",
    *,
    data: Source | None = None,
    train: Sources = (),
    max_windows: int | None = None,
    min_article: int | None = None,
    level: str | None = None,
    reporter: Reporter = SILENT,
) -> Comparison:
    """Measure runs on the targets that all of them have, each against a baseline.

    Args:
        runs: runs, their paths or names; none is the run trained last.
        against: the baseline, or one of the runs, that differences are taken to, window by window.
        data, train, max_windows, min_article, level, reporter: as in :func:`lvmctl.evaluate`.

    Returns:
        Metrics, paired differences with 95 % intervals, and the verdict of the profile ``ship``.

    Raises:
        UsageError: an unknown ``against``, or a run that is named twice.
        DataError: the runs were validated on different data and none is named.
    """
    request = eval_request(data, train, None, max_windows, min_article, level=level)
    return comparing.compare(load_registry(), runs or [None], against, request, reporter)


def fivecat(
    run: RunLike = None,
    profile: str = "fair",
    *,
    data: Source | None = None,
    train: Sources = (),
    ood: Source | None = None,
    published_rules: bool = False,
    ablation_windows: int = ABLATION_WINDOWS,
    max_windows: int | None = None,
    min_article: int | None = None,
    level: str | None = None,
    save: bool = True,
    reporter: Reporter = SILENT,
) -> FiveCat:
    """Ask the five tests of a run and judge it by a profile (docs/methods.md#protocol).

    Args:
        run: a run, its path, its name in ``runs/`` or the beginning of either; None is the run
            trained last.
        profile: name of a set of gates: ``fair``, ``ship``, or one of a recipe's.
        data, train, ood, max_windows, min_article, level, reporter: as in :func:`lvmctl.evaluate`.
        published_rules: judge as was published, whether a gate can be met or not.
        ablation_windows: tests C and D use whole articles up to this many windows.
        save: keep the result in the run directory; one on other data, or on part of it,
            beside the run's own.

    Returns:
        Every test with its interval, baselines and ceiling, and the verdict.

    Raises:
        UsageError: an unknown profile.
        RunError, DataError, PluginError: see :func:`lvmctl.evaluate`.
    """
    result = run_fivecat(
        load_registry(),
        run,
        eval_request(data, train, ood, max_windows, min_article, level=level),
        reporter,
        profile=profile,
        published_rules=published_rules,
        ablation_windows=ablation_windows,
    )
    if save:
        result.save()
    return result


def eval_request(
    data: Source | None,
    train: Sources,
    ood: Source | None,
    max_windows: int | None,
    min_article: int | None,
    transform: str | None = None,
    level: str | None = None,
) -> EvalRequest:
    """What is evaluated on what."""
    texts = source_text(data), source_texts(train), source_text(ood)
    return EvalRequest(*texts, max_windows, min_article, transform, level)
