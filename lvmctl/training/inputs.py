"""What a training reads of its data beside vectors."""

from __future__ import annotations

from lvmctl.core.batch import bare_name
from lvmctl.data import Windows
from lvmctl.data.pieces import SENTENCE
from lvmctl.data.records import FIELDS
from lvmctl.plan import Plan
from lvmctl.registry.specs import LossSpec, ModelSpec, Record, SampleWeight

SENTENCE_FIELDS = {field.name for field in FIELDS}
"""Batch fields that read the sentences of the store."""


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
