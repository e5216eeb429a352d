"""What a training reads of its data beside vectors."""

from __future__ import annotations

from lvmctl.config.bind import DEFAULT
from lvmctl.core.batch import bare_name
from lvmctl.core.errors import DataError
from lvmctl.core.reporter import Reporter
from lvmctl.data import Windows
from lvmctl.data.chunk_source import SENTENCE
from lvmctl.data.records import FIELDS
from lvmctl.plan import Plan, make_plan
from lvmctl.registry import Registry
from lvmctl.registry.record import Record
from lvmctl.registry.specs import LossSpec, ModelSpec, SampleWeight
from lvmctl.training.request import TrainRequest

SENTENCE_FIELDS = {field.name for field in FIELDS}
"""Batch fields that read the sentences of the store."""


def plan_for_data(
    registry: Registry, request: TrainRequest, plan: Plan, reporter: Reporter, *parts: Windows
) -> Plan:
    """``plan``, or where the data does not have what it reads, and its recipe can do without, the
    plan that does, which is reported; else a DataError."""
    try:
        require_inputs(plan, *parts)
        return plan
    except DataError as error:
        typed = registry.get("recipe", request.recipe).record.without_inputs
        values = dict(pair.partition("=")[::2] for pair in typed)
        if not values or any(plan.origins.get(name) != DEFAULT for name in values):
            raise
        lacking = error
    layers = [*request.layers, ("the data", values)]
    plan = make_plan(registry, request.recipe, layers, request.losses)
    require_inputs(plan, *parts)
    named = " ".join(typed)
    reporter.warning(f"{lacking.where} {lacking.what}: {plan.recipe} is trained with {named}")
    return plan


def require_inputs(plan: Plan, *parts: Windows) -> None:
    """Refuse data that does not have what a plan reads of it, with a DataError."""
    for name in sorted({name for part in plan.parts for name in reads_of(part.entry.record)}):
        for windows in parts:
            windows.source.require(name)


def reads_of(record: Record) -> tuple[str, ...]:
    """What a part of a plan reads of a store beside its vectors."""
    if isinstance(record, ModelSpec):
        return record.reads
    needs = record.needs if isinstance(record, LossSpec | SampleWeight) else ()
    return (SENTENCE,) if SENTENCE_FIELDS & {bare_name(name) for name in needs} else ()
