"""5CAT: five tests of a run by both rule sets, and a profile's verdict
(docs/methods.md#protocol)."""

from __future__ import annotations

import sys
import time
from dataclasses import asdict, dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

import lvmctl
from lvmctl import processes
from lvmctl.core.reporter import Reporter
from lvmctl.core.runs import RunLike, find_run
from lvmctl.data.splits.assign import seeded_articles
from lvmctl.data.splits.levels import level_of
from lvmctl.data.windows import Windows, fewer
from lvmctl.evaluation.eval_data import DATA_SEED, EvalData, EvalRequest, of_run
from lvmctl.evaluation.evaluate import fit, measured, run_record
from lvmctl.evaluation.fivecat.ceilings import add_ceilings, known_metrics
from lvmctl.evaluation.fivecat.evidence import coherence_gap, evidence
from lvmctl.evaluation.fivecat.examples import examples
from lvmctl.evaluation.fivecat.internals import internals
from lvmctl.evaluation.fivecat.latency import latency, ratio_of, reference_of
from lvmctl.evaluation.fivecat.offsets import rivals, window_offsets
from lvmctl.evaluation.fivecat.rendering import fivecat_text
from lvmctl.evaluation.gates.profile_verdicts import ProfileVerdict, profile_verdict
from lvmctl.evaluation.gates.profiles import find_profile
from lvmctl.evaluation.measure import Protocol
from lvmctl.evaluation.metric_table import MetricTable
from lvmctl.evaluation.statistics.ranking import rank_curve
from lvmctl.evaluation.trained import Trained, load_run
from lvmctl.registry import Registry

FORMAT = "lvmctl.5cat/2"
DEFAULT_PROFILE = "fair"

ABLATION_WINDOWS = 2000
"""Windows of tests C and D by default: each costs a dozen predictions."""

TESTS = {"val": "ACDE", "ood": "ADE"}
"""Letters of the tests on each split, besides B; no profile asks for ablations of OOD text."""

CUTS = (1, 2, 3, 5, 7, 10, 15, 20, 30, 50)
"""K of the rank curve R@K."""

COMPARED = ("cos_next", "in_article.filtered.r@5", "in_article.filtered.mrr@10")
"""Figures whose difference to ``direct`` is tested."""


@dataclass(frozen=True)
class FiveCat:
    """5CAT of one run.

    Attributes:
        trained: the run.
        data: the data.
        metric_tables: ``val`` and, where there is text of another source, ``ood``.
        verdict: the profile's.
        times: what :func:`~lvmctl.evaluation.fivecat.latency.latency` found.
        metrics: what is known of the metrics that the run logs, see :func:`known_metrics`.
        internals: what explains the run's predictions, see :mod:`.internals`.
        left_out: baselines without training data.
        settings: what was asked for.
        partial: the options that make this another look than the run's own, see :func:`partial`.
    """

    trained: Trained
    data: EvalData
    metric_tables: dict[str, MetricTable]
    verdict: ProfileVerdict
    times: dict[str, Any]
    metrics: dict[str, Any]
    internals: dict[str, Any]
    left_out: list[str]
    settings: dict[str, Any]
    partial: tuple[str, ...] = ()

    @property
    def path(self) -> Path:
        """Where the result is kept: a partial evaluation never takes the place of the run's own."""
        run = self.trained.run
        return run.fivecat_partial if self.partial else run.fivecat

    @property
    def name(self) -> str:
        """The run's row."""
        return self.trained.plan.recipe

    def to_dict(self) -> dict[str, Any]:
        """Everything as plain data: what the file at :attr:`path` holds."""
        return dict(self._tree)

    @cached_property
    def _tree(self) -> dict[str, Any]:
        val, ood = self.metric_tables["val"], self.metric_tables.get("ood")
        return {
            "format": FORMAT,
            **run_record(self.trained),
            "name": self.name,
            "made": made(self.trained.weights_sha256) | self.settings,
            "partial": list(self.partial),
            **self.data.conditions(self.left_out),
            "verdict": self.verdict.record(),
            **val.record(),
            "ood": None if ood is None else ood.record() | sweeps(ood),
            **sweeps(val),
            "against_direct": val.differences(self.name, "direct", COMPARED),
            "excess": excess(val, self.name),
            "rank_curve": rank_curves(val),
            "coherence_gap": None if ood is None else coherence_gap(val, ood, self.name),
            "latency": self.times,
            "metrics": self.metrics,
            **self.internals,
        }

    def table(self, full: bool = False) -> str:
        """The verdict, its gates and the metrics that explain it; ``full`` shows every test."""
        return fivecat_text(self.to_dict(), full)

    def save(self) -> Path:
        """Write the result into the run directory, by process 0; returns where it is.

        Raises:
            OutputError: it cannot be written.
        """
        if processes.rank() == 0:
            self.trained.run.write(self.path, self.to_dict())
        return self.path


def run_fivecat(
    registry: Registry,
    run: RunLike,
    request: EvalRequest,
    reporter: Reporter,
    *,
    profile: str = DEFAULT_PROFILE,
    published_rules: bool = False,
    ablation_windows: int = ABLATION_WINDOWS,
) -> FiveCat:
    """Measure a run, baselines and oracles, and judge the run by a profile.

    Args:
        run: path or name; the latest by default.
        profile: name of a set of gates.
        published_rules: judge as was published, without asking what can be passed.
        ablation_windows: C and D use whole articles up to this many windows.

    Raises:
        UsageError: an unknown profile.
        RunError, DataError, PluginError: the run, its data or a plugin cannot be used.
    """
    chosen, gates = find_profile(registry, profile)
    trained = load_run(registry, find_run(run))
    data = of_run(request, trained)
    trained = trained.in_space(data.same_space)
    others, left_out = fit(registry, data, reporter)
    predictor = trained.predictor()
    with reporter.progress(predictor.name, "windows", len(data.val)) as done:
        inside = internals(trained, data.val, done)
    known = {"val": {predictor.name: inside.q}, "ood": {}}
    metric_tables = {}
    for seed, (split, windows) in enumerate({"val": data.val, "ood": data.ood}.items()):
        if windows is not None:
            protocol = Protocol(
                everywhere=split == "val",
                min_article=data.min_article,
                tests=TESTS[split],
                perturbed=whole_articles(windows, ablation_windows),
                by_rank=predictor.is_ranker,
            )
            rows = [predictor, *others]
            metric_tables[split] = measured(windows, rows, protocol, reporter, seed, known[split])
    run_metrics = metric_tables["val"].measured[predictor.name]
    run_metrics.metrics.update(inside.metrics)
    parts = inside.parts | {"examples": examples(data.val, run_metrics, inside.q)}
    with reporter.progress("ceilings", "stages", 1) as done:
        add_ceilings(registry, metric_tables, predictor.geometry, data, inside.metrics)
        done(1)
    with reporter.progress("latency", "stages", 1) as done:
        beside = reference_of(registry, gates)
        # One process alone is timed, while the others wait.
        times = processes.from_first(
            lambda: latency(registry, trained, predictor, data.val, beside)
        )
        done(1)
    proof = evidence(registry, metric_tables, predictor.name, ratio_of(times))
    verdict = profile_verdict(
        chosen, gates, predictor.name, predictor.geometry, proof, published_rules
    )
    settings = {
        "published_rules": published_rules,
        "ablation_windows": ablation_windows,
        **asdict(request),
    }
    partly = partial(trained, request, ablation_windows)
    metrics = known_metrics(registry, inside.metrics)
    results = metric_tables, verdict, times, metrics, parts
    return FiveCat(trained, data, *results, left_out, settings, partly)


def partial(trained: Trained, request: EvalRequest, ablation_windows: int) -> tuple[str, ...]:
    """The options that make a result another than the run's own.

    That one is measured on all windows of the run's own validation split, and OOD split where it
    has one, beside baselines fitted on its own training split. OOD text for a run without any of
    its own takes nothing away. A profile judges the same metrics.
    """
    min_article = trained.plan.options.min_article
    ours = {
        "--data": request.data is None,
        "--train": not request.train,
        "--ood": request.ood is None or "ood" not in trained.config["splits"],
        "--max-windows": request.max_windows is None,
        "--min-article": request.min_article in (None, min_article),
        "--ablation-windows": ablation_windows >= ABLATION_WINDOWS,
        "--level": request.level in (None, level_of(trained.config["data"])),
    }
    return tuple(option for option, is_own in ours.items() if not is_own)


def made(weights_sha256: str) -> dict[str, Any]:
    """How a result came about, so that it can be had again."""
    return {
        "argv": sys.argv,
        "version": lvmctl.__version__,
        "date": time.strftime("%Y-%m-%dT%H:%M:%S%z"),
        "weights_sha256": weights_sha256,
    }


def whole_articles(windows: Windows, count: int) -> np.ndarray:
    """Windows of whole articles in a seeded order until there are ``count``, ascending; every n-th
    of a long article (:func:`~lvmctl.data.windows.fewer`)."""
    each = np.bincount(windows.article, minlength=len(windows.split.articles))
    chosen = seeded_articles(each, count, DATA_SEED, "perturbed")
    return fewer(np.flatnonzero(np.isin(windows.article, chosen)), count)


def sweeps(metric_table: MetricTable) -> dict[str, Any]:
    """The offset sweep of each predictor, its window offsets and its rivals by rule."""
    windows = metric_table.windows
    return {
        "window_offsets": list(window_offsets(windows.context_length, windows.horizon)),
        "sweep": {
            name: {
                "rivals": rivals(windows, metrics.sweep),
                "offsets": {
                    k: metric_table.of_metric(c).counted() for k, c in metrics.sweep.items()
                },
            }
            for name, metrics in metric_table.measured.items()
        },
    }


def excess(metric_table: MetricTable, name: str) -> dict[str, Any]:
    """margin[unseen] beyond that of ``direct`` and of ``centroid``: what recency does not give."""
    differences = {
        other: metric_table.difference(name, other, "margin.unseen")
        for other in ("direct", "centroid")
    }
    return {other: each.counted() for other, each in differences.items() if each is not None}


def rank_curves(metric_table: MetricTable) -> dict[str, Any]:
    """R@K in the primary pool for each predictor, and by chance."""
    curves: dict[str, Any] = {"cuts": list(CUTS)}
    for name, metrics in metric_table.measured.items():
        ranked = metrics.ranks["in_article.filtered"]
        if len(ranked.rows):
            curve, chance = rank_curve(ranked.ranks, ranked.sizes, CUTS)
            curves |= {name: list(curve), "chance": list(chance)}
    return curves
