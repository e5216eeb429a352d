"""Why a run is as it is: its history, the predictions of its best weights, their gradients."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lvmctl.core.diagnosis import Diagnosis, Finding
from lvmctl.core.errors import LvmctlError
from lvmctl.core.files import jsonable
from lvmctl.core.formatting import few_articles
from lvmctl.core.reporter import Reporter
from lvmctl.diagnostics.records import RunOptions
from lvmctl.diagnostics.runs.collapse import change_points, is_poor
from lvmctl.diagnostics.runs.findings import ordered
from lvmctl.diagnostics.runs.gap import like_for_like, notes
from lvmctl.diagnostics.runs.gradients import gradient_findings, measure_gradients
from lvmctl.diagnostics.runs.history import History, read_history
from lvmctl.diagnostics.runs.history_rules import history_findings
from lvmctl.diagnostics.runs.predictions import compare, linear_predictions, prediction_findings
from lvmctl.diagnostics.runs.ranking import ranking, ranking_findings
from lvmctl.diagnostics.runs.rendering import plot_history, sentence, tables, unknown, verdict
from lvmctl.evaluation.eval_data import EvalRequest, of_run
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry
from lvmctl.registry.run_diagnostics import ask_plugins

MAIN = ("cos_next", "cos_anchor", "r@5", "chance_r@5", "mrr@10")
"""Figures whose last values are reported."""


class RunDiagnosis:
    """Findings about a run, the cause first; HEALTHY without any.

    Diagnostics of plugins that take a run are asked too, and their findings are put in order with
    core's.

    What it takes is a run directory, or a bare ``training_history.json``. Where the weights, the
    data or a plugin are gone, what can be found without them is reported, and what was not examined
    is listed.

    Raises:
        RunError: there is no history, it is damaged, or no epoch was finished.
    """

    def __init__(self, options: RunOptions) -> None:
        self.options = options

    def __call__(self, subject: Path, reporter: Reporter) -> Diagnosis:
        path = Path(subject)
        history = read_history(path)
        best, points = best_epoch(history), change_points(history, self.options)
        plugins, not_examined = ask_plugins(load_registry(), path, reporter)
        weights: list[Finding] = []
        inside: dict[str, Any] = {}
        if path.is_dir():
            weights, inside, missing = self.examine_weights(path, history, best, reporter)
        else:
            missing = {"predictions and gradients": "a bare history has no weights"}
        not_examined = missing | not_examined
        for what, why in not_examined.items():
            reporter.info(f"{what} not examined: {why}")
        # Of findings of one name the first leads: the history's, core's and then plugins'.
        findings = [
            *history_findings(history, points, "ranking" in inside),
            *(finding for _, diagnosis in plugins for finding in diagnosis.findings),
            *weights,
        ]
        gates = inside.get("gradients", {}).get("gates", {})
        if any(gate["high"] - gate["low"] > 1e-6 for gate in gates.values()):
            findings = [finding for finding in findings if finding.name != "constant-gate"]
        findings = ordered(findings)
        ranked = history.last("val.in_article_articles")
        figures = {entry.name: diagnosis.figures or None for entry, diagnosis in plugins} | {
            "run": str(subject),
            "epochs": len(history.epochs),
            "best_epoch": best,
            "last": last_figures(history),
            "findings": [finding.record() for finding in findings],
            "notes": notes(history),
            "not_examined": not_examined,
            "events": [event._asdict() for event in history.events()],
            "change_points": points,
            "like_for_like": like_for_like(history),
            **inside,
            "articles": inside.get("articles") if ranked is None else int(ranked),
        }
        doubt = "" if "predictions" in inside else unknown(history)
        judged = sentence(findings, history, doubt)
        plot = (lambda: plot_history(history, figures)) if history.curve("val.cos_next") else None
        return Diagnosis(
            verdict=verdict(findings, doubt),
            sentence=" ".join(filter(None, (judged, few_articles(figures["articles"])))),
            figures=jsonable(figures),
            tables=tables(findings, figures),
            change=findings[0].remedy if findings else "",
            plot=plot,
        )

    def examine_weights(
        self, path: Path, history: History, best: int | None, reporter: Reporter
    ) -> tuple[list[Finding], dict[str, Any], dict[str, str]]:
        """What the weights show: findings, figures, and what could not be examined and why."""
        options = self.options
        try:
            trained = load_run(load_registry(), path)
            data = of_run(EvalRequest(max_windows=options.windows), trained)
        except LvmctlError as error:
            return [], {}, {"predictions and gradients": str(error)}
        findings: list[Finding] = []
        figures: dict[str, Any] = {"articles": len(data.val.split.articles)}
        missing: dict[str, str] = {}
        with reporter.progress(trained.name, "steps", 3) as done:
            try:
                linear = {}
                if data.train is None:
                    missing["linear prediction, gradients"] = "the training windows are gone"
                else:
                    linear = linear_predictions(
                        data.train, data.val, options.reference_windows, options.seed
                    )
                done(1)
                predictor = trained.predictor()
                q = predictor(data.val)
                figures["predictions"] = compare(data.val, q, linear, options.seed)
                if predictor.is_ranker:  # what its q is like is shown, and no fault
                    figures["ranking"] = ranking(
                        data.val, predictor, q, data.min_article, options.seed
                    )
                    findings += ranking_findings(figures["ranking"], best)
                else:
                    findings += prediction_findings(figures["predictions"], best)
                done(1)
                if data.train is not None:
                    gradients = measure_gradients(
                        trained,
                        data.train,
                        best or history.epochs[-1],
                        options.batches,
                        options.seed,
                    )
                    figures["gradients"] = gradients.record()
                    # A loss that moves a ranker need not move its q.
                    poor = is_poor(history) and not predictor.is_ranker
                    findings += gradient_findings(gradients, best, poor)
                done(1)
            except LvmctlError as error:
                missing["gradients" if "predictions" in figures else "predictions"] = str(error)
        return findings, figures, missing


def last_figures(history: History) -> dict[str, float | None]:
    """The newest of the main figures, and of those that plugins know and the run has."""
    values = {name: history.last(f"val.{name}") for name in (*MAIN, *history.metrics)}
    return {name: value for name, value in values.items() if value is not None or name in MAIN}


def best_epoch(history: History) -> int | None:
    """The epoch whose weights ``best_model.pt`` has: the first best of the metric it is chosen by;
    None where no epoch was measured."""
    name = str(history.options().get("best_by", "mrr@10"))
    curve = history.curve(f"val.{name}") or history.curve("val.cos_next")
    sign = -1 if name == "loss" and history.curve("val.loss") else 1
    return max(curve, key=lambda point: sign * point.value).epoch if curve else None
