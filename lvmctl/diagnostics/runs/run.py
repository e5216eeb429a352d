"""Why a run is as it is: its history, the predictions of its best weights, their gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lvmctl.core.diagnosis import Diagnosis, Finding
from lvmctl.core.errors import LvmctlError
from lvmctl.core.files import jsonable
from lvmctl.core.reporter import Reporter
from lvmctl.diagnostics.records import RunOptions
from lvmctl.diagnostics.runs.history import History, read_history
from lvmctl.diagnostics.runs.history_rules import history_findings
from lvmctl.diagnostics.runs.run_collapse import change_points, is_poor
from lvmctl.diagnostics.runs.run_findings import ordered
from lvmctl.diagnostics.runs.run_gap import like_for_like, notes
from lvmctl.diagnostics.runs.run_gradients import gradient_findings, measure_gradients
from lvmctl.diagnostics.runs.run_plot import plot
from lvmctl.diagnostics.runs.run_predictions import compare, linear_predictions, prediction_findings
from lvmctl.diagnostics.runs.run_ranking import ranking, ranking_findings
from lvmctl.diagnostics.runs.run_text import sentence, tables, unknown, verdict
from lvmctl.evaluation.eval_data import EvalRequest, of_run
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry
from lvmctl.registry.run_diagnostics import ask_plugins

SHOWN = ("cos_next", "cos_anchor", "r@5", "chance_r@5", "mrr@10")


class RunDiagnosis:
    """Findings about a run, the cause first; HEALTHY without any.

    Diagnostics of plugins that take a run are asked too, and their findings are put in order with
    core's.

    What it takes is a run directory, or a bare ``training_history.json``. Where the weights, the
    data or a plugin are gone, what can be told without them is told, and what was not examined
    is listed.

    Raises:
        RunError: there is no history, it is damaged, or no epoch was finished.
    """

    def __init__(self, options: RunOptions) -> None:
        self.options = options

    def __call__(self, subject: Path, reporter: Reporter) -> Diagnosis:
        history = read_history(Path(subject))
        best = best_epoch(history)
        points = change_points(history, self.options)
        others, silent = ask_plugins(load_registry(), Path(subject), reporter)
        inside: list[Finding] = []
        found: dict[str, Any] = {}
        left_out: dict[str, str] = {}
        if Path(subject).is_dir():
            inside, found, left_out = self.look_inside(Path(subject), history, best, reporter)
        # The history's words lead, core's and then plugins'; what the weights show is added.
        findings = [
            *history_findings(history, points, "ranking" in found),
            *(finding for _, other in others for finding in other.findings),
            *inside,
        ]
        if Path(subject).is_dir():
            if any(
                has_spread(gate) for gate in found.get("gradients", {}).get("gates", {}).values()
            ):
                findings = [finding for finding in findings if finding.name != "constant-gate"]
        else:
            left_out["predictions and gradients"] = "a bare history has no weights"
        left_out |= silent
        for what, why in left_out.items():
            reporter.info(f"{what} not examined: {why}")
        findings = ordered(findings)
        figures = {
            "run": str(subject),
            "epochs": len(history.epochs),
            "best_epoch": best,
            "last": last_figures(history),
            "findings": [finding.record() for finding in findings],
            "notes": notes(history),
            "not_examined": left_out,
            "events": [event._asdict() for event in history.events()],
            "change_points": points,
            "like_for_like": like_for_like(history),
            **found,
        }
        figures = {entry.name: other.figures or None for entry, other in others} | figures
        doubt = "" if "predictions" in found else unknown(history)
        return Diagnosis(
            verdict=verdict(findings, doubt),
            sentence=sentence(findings, history, doubt),
            figures=jsonable(figures),
            tables=tuple(tables(findings, figures)),
            change=findings[0].remedy if findings else "",
            plot=plot(history, figures) if history.curve("val.cos_next") else None,
        )

    def look_inside(
        self, path: Path, history: History, best: int | None, reporter: Reporter
    ) -> tuple[list[Finding], dict[str, Any], dict[str, str]]:
        """What the weights show: findings, figures, and what could not be examined and why."""
        options, everything = self.options, "predictions and gradients"
        registry = load_registry()
        try:
            trained = load_run(registry, path)
            data = of_run(EvalRequest(max_windows=options.windows), trained)
        except LvmctlError as error:
            return [], {}, {everything: str(error)}
        epoch = best or history.epochs[-1]
        findings: list[Finding] = []
        found: dict[str, Any] = {}
        left_out: dict[str, str] = {}
        with reporter.progress(trained.name, "steps", 3) as done:
            try:
                linear = {}
                if data.train is None:
                    left_out["linear prediction, gradients"] = "the training windows are gone"
                else:
                    given = (options.reference_windows, options.seed)
                    linear = linear_predictions(data.train, data.val, *given)
                done(1)
                predictor = trained.predictor()
                q = predictor(data.val)
                found["predictions"] = compare(data.val, q, linear, options.seed)
                if predictor.is_ranker:  # what its q is like is shown, and no fault
                    given = (q, data.min_article, options.seed)
                    found["ranking"] = ranking(data.val, predictor, *given)
                    findings += ranking_findings(found["ranking"], best)
                else:
                    findings += prediction_findings(found["predictions"], best)
                done(1)
                if data.train is not None:
                    given = (epoch, options.batches, options.seed)
                    pulls = measure_gradients(trained, data.train, *given)
                    found["gradients"] = pulls.record()
                    # A loss that moves a ranker need not move its q.
                    poor = is_poor(history) and not predictor.is_ranker
                    findings += gradient_findings(pulls, best, poor)
                done(1)
            except LvmctlError as error:
                left_out["predictions" if not found else "gradients"] = str(error)
        return findings, found, left_out


def last_figures(history: History) -> dict[str, float | None]:
    """The newest of the main figures, and of those that plugins know and the run has."""
    known = {name: history.last(f"val.{name}") for name in history.metrics}
    measured = {name: value for name, value in known.items() if value is not None}
    return {name: history.last(f"val.{name}") for name in SHOWN} | measured


def best_epoch(history: History) -> int | None:
    """The epoch whose weights ``best_model.pt`` has: the first best of the metric it is chosen by;
    None where no epoch was measured."""
    name = str(history.options().get("best_by", "mrr@10"))
    curve = history.curve(f"val.{name}") or history.curve("val.cos_next")
    sign = -1 if name == "loss" and history.curve("val.loss") else 1
    return max(curve, key=lambda point: sign * point.value).epoch if curve else None


def has_spread(gate: dict[str, float]) -> bool:
    """Whether a gate was seen to give different weights."""
    return gate["high"] - gate["low"] > 1e-6
