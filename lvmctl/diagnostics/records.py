"""The diagnostics core declares."""

from lvmctl.diagnostics.data.arrow.direction_options import DirectionOptions
from lvmctl.diagnostics.data.leakage.leakage_options import LeakageOptions
from lvmctl.diagnostics.data.parity.split_parity_options import SplitParityOptions
from lvmctl.diagnostics.data.spectrum.spectrum_options import GeometryOptions
from lvmctl.diagnostics.data.window_options import FeasibilityOptions, MetricOptions, WindowOptions
from lvmctl.diagnostics.runs.run_options import RunOptions
from lvmctl.registry.specs import DiagnosticSpec

DIAGNOSTICS = (
    DiagnosticSpec(
        name="split-parity",
        summary="Whether validation windows are made like training windows.",
        target="lvmctl.diagnostics.data.parity.split_parity:SplitParity",
        options=SplitParityOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="leakage",
        summary="What training and held-out articles share, and what makes retrieval trivial.",
        target="lvmctl.diagnostics.data.leakage.leakage:Leakage",
        options=LeakageOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="geometry",
        summary="Norms, spectrum and hubs of a store, and what moving its chunks would change.",
        target="lvmctl.diagnostics.data.spectrum.spectrum:StoreGeometry",
        options=GeometryOptions,
    ),
    DiagnosticSpec(
        name="direction",
        summary="How much arrow of time a store holds; recency and movement apart from it.",
        target="lvmctl.diagnostics.data.arrow.direction:Direction",
        options=DirectionOptions,
    ),
    DiagnosticSpec(
        name="ceilings",
        summary="What the best of each class of models can reach on this data.",
        target="lvmctl.diagnostics.data.ceilings:Ceilings",
        options=WindowOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="feasibility",
        summary="Which gates of a profile can be met here, by which class of models.",
        target="lvmctl.diagnostics.data.feasibility:Feasibility",
        options=FeasibilityOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="metrics",
        summary="How the seeds' and the fair rules rank a perfect predictor and three others.",
        target="lvmctl.diagnostics.data.metric_audit:MetricAudit",
        options=MetricOptions,
        takes="splits",
    ),
    DiagnosticSpec(
        name="run",
        summary="What went wrong in a run, the cause first.",
        target="lvmctl.diagnostics.runs.run:RunDiagnosis",
        options=RunOptions,
        takes="run",
    ),
)
