"""Checks of losses."""

from __future__ import annotations

from lvmctl.plan import PlannedPart, batch_fields
from lvmctl.testing.check import Check, CheckFailed, Subject, check
from lvmctl.testing.checks.loss_finite import (
    finite_for_every_prediction,
    finite_for_tiny_batches,
    finite_in_bf16,
    fits_every_shape,
    scale_is_known,
)
from lvmctl.testing.checks.loss_inputs import (
    changes_nothing_it_is_given,
    reads_its_share,
    reads_only_what_it_declares,
    same_input_same_output,
    state_dict_has_it_all,
)
from lvmctl.testing.checks.loss_learning import (
    gradient_reaches_the_prediction,
    target_scores_best,
)
from lvmctl.testing.checks.loss_weight import weight_zero_silences_a_window
from lvmctl.testing.inputs.contexts import accepted
from lvmctl.testing.inputs.loss_trial import (
    OPTIONAL,
    STEPS,
    Trial,
    built,
    listed,
    misbuilt,
    values,
)


@check
def declares_fields_that_exist(subject: Subject) -> None:
    """The batch and prediction fields that the record declares exist; what is no field of a
    prediction is an extra that some model gives."""
    record, models = subject.record, subject.registry.entries("model")
    for where in ("needs", "needs_prediction"):
        if isinstance(names := getattr(record, where), str):
            raise CheckFailed(f'{where} is the text {names!r}, not a tuple; write ("{names}",)')
    problems: list[str] = []
    batch_fields(subject.registry, [PlannedPart(subject.entry, subject.options)], problems)
    if problems:
        raise CheckFailed("; ".join(problems))
    known = dict.fromkeys([*OPTIONAL, *(name for model in models for name in model.record.gives)])
    if unknown := [name for name in record.needs_prediction if name not in known]:
        raise CheckFailed(f"needs_prediction names {listed(unknown)}; there are {', '.join(known)}")


@check
def is_built(subject: Subject) -> str | None:
    """It is a torch module, and refuses a shape that it cannot take with a UsageError when it is
    built."""
    _, note = accepted(lambda shape: built(subject, shape))
    if fault := misbuilt(built(subject)):
        raise CheckFailed(fault)
    return note


@check
def returns_values_per_window(subject: Subject) -> str:
    """It returns a tensor (B,), one value per window; or a LossOutput whose terms and metrics are
    such tensors or scalars, under the same names at every step."""
    trial, first = Trial(subject), None
    for step in STEPS:
        for size in (8, 1):
            for training in (True, False):
                trial.loss.train(training)
                try:
                    output = trial(*trial.example(size=size), step)
                except TypeError as error:
                    raise CheckFailed(str(error)) from error
                names = list(values(output))
                first = first or names
                if names != first:
                    when = f"of {size} windows in epoch {step.epoch}"
                    raise CheckFailed(
                        f"it gives {listed(names)} {when}, and {listed(first)} before"
                    )
    taken = {"loss", *(f"loss_{name}" for name in output.terms)}
    if both := [name for name in output.metrics if name in taken]:
        raise CheckFailed(f"the metrics {listed(both)} have names under which losses are logged")
    logged = {"terms": output.terms, "metrics": output.metrics}
    return "; ".join(f"{what} {', '.join(names)}" for what, names in logged.items() if names)


CHECKS: tuple[Check, ...] = (
    declares_fields_that_exist,
    is_built,
    returns_values_per_window,
    reads_only_what_it_declares,
    reads_its_share,
    changes_nothing_it_is_given,
    finite_for_every_prediction,
    finite_for_tiny_batches,
    finite_in_bf16,
    fits_every_shape,
    gradient_reaches_the_prediction,
    weight_zero_silences_a_window,
    target_scores_best,
    same_input_same_output,
    state_dict_has_it_all,
    scale_is_known,
)
