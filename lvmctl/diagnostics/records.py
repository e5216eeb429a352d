"""The diagnostics core declares."""

from lvmctl.diagnostics.window_options import FeasibilityOptions, MetricOptions, WindowOptions
from lvmctl.spec import DiagnosticSpec

DIAGNOSTICS = (
    DiagnosticSpec(
        name="ceilings",
        summary="What the best of each class of models can reach on this data.",
        target="lvmctl.diagnostics.ceilings:Ceilings",
        options=WindowOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="feasibility",
        summary="Which gates of a profile can be met here, by which class of models.",
        target="lvmctl.diagnostics.feasibility:Feasibility",
        options=FeasibilityOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="metrics",
        summary="How the seeds' and the fair rules rank a perfect predictor and three others.",
        target="lvmctl.diagnostics.metric_audit:MetricAudit",
        options=MetricOptions,
        takes="splits",
    ),
)
