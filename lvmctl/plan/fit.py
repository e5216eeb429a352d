"""Whether the parts of a plan fit together, and the batch fields of plugins that they read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from lvmctl.config import TrainingOptions
from lvmctl.core.batch import FIELDS, bare_name
from lvmctl.core.errors import LvmctlError, UsageError, did_you_mean
from lvmctl.plan.plan import PlannedPart
from lvmctl.registry import Entry, Registry
from lvmctl.registry.specs import SampleWeight

RETIRED = {"weight": "lvmctl weighs what a loss returns, see docs/plugins/versions.md"}
"""Fields of earlier versions, and what takes their place."""


def validate_plan(
    registry: Registry,
    model: PlannedPart,
    losses: Sequence[PlannedPart],
    gates: Sequence[PlannedPart],
    options: TrainingOptions,
) -> list[str]:
    """Why the parts cannot work together, empty when they can."""
    problems = []
    plugins = [plugin.name for plugin in registry.plugins if plugin.status == "ok"]
    for name in sorted({*options.tracked} - {*plugins}):
        hint = did_you_mean(name, plugins, "trackers: pip install lvmctl-trackers")
        problems.append(f"track names {name!r}, no plugin that is installed, {hint}")
    logged = [part.entry.qualified for part in losses if part.added]
    for name in sorted({name for name in logged if logged.count(name) > 1}):
        problems.append(f"two losses are logged as {name}, rename a class or a file")
    if not losses:
        problems.append("no loss has a weight above 0, there is nothing to minimise")
    elif (epoch := epoch_without_loss(losses, options.epochs)) is not None:
        problems.append(f"no loss has a weight above 0 in epoch {epoch}")
    if options.best_by == "loss":
        # The smallest sum would be the one of the smallest weights.
        problems += [
            f"best_by=loss compares epochs, and the weight of loss {part.entry.name} changes "
            f"({part.weight}): use best_by=mrr@10, r@5 or cos_next"
            for part in losses
            if part.weight.changes(options.epochs)
        ]
    sample = [part for part in gates if isinstance(part.entry.record, SampleWeight)]
    batch_fields(registry, (*losses, *sample), problems)
    for part in (*losses, *sample):
        record, named = part.entry.record, f"{part.entry.kind} {part.entry.name}"
        if "second_last" in record.needs and options.context < 2:
            problems.append(f"{named} needs second_last, use --context 2 or more")
        feeds_back = "rollout" in getattr(record, "needs_prediction", ())
        if feeds_back and options.horizon != 1:
            problems.append(f"{named} feeds predictions back, which needs --horizon 1")
        if feeds_back and model.entry.record.q_reads:
            problems.append(f"{named} feeds predictions back, which have nothing to read")
    for part in losses:
        record = part.entry.record
        if "scores" in record.needs_prediction and "negative_mask" not in record.needs:
            problems.append(f"loss {record.name} needs scores, so it must need negative_mask")
        missing = {*record.needs_prediction} - {*model.entry.record.gives, "rollout"}
        if missing:
            problems.append(
                f"loss {record.name} needs the prediction's {', '.join(sorted(missing))}, "
                f"which model {model.entry.qualified} does not give, leave it out"
            )
    return problems


def epoch_without_loss(losses: Sequence[PlannedPart], epochs: int) -> int | None:
    """The first epoch in which no loss has a weight, None where each has one."""
    last = 1 + max(part.weight.segments[-1].begin for part in losses)
    for epoch in range(1, min(last, epochs) + 1):
        if all(part.weight.is_zero(epoch) for part in losses):
            return epoch
    return None


def batch_fields(
    registry: Registry, parts: Iterable[PlannedPart], problems: list[str] | None = None
) -> dict[str, Entry]:
    """The fields of plugins that losses and sample weights read, by their names in a batch. Errors
    are appended to ``problems`` or, without it, raised."""
    fields: dict[str, Entry] = {}
    for part in parts:
        for name in part.entry.record.needs:
            if name in FIELDS:
                continue
            try:
                entry = field_of(registry, part, name)
                if fields.setdefault(entry.name, entry) != entry:
                    both = f"{fields[entry.name].qualified} and {entry.qualified}"
                    raise UsageError(f"{both} are both batch.{entry.name}, leave one out")
            except LvmctlError as error:
                if problems is None:
                    raise
                problems.append(str(error))
    return fields


def field_of(registry: Registry, part: PlannedPart, name: str) -> Entry:
    """The field that a part calls ``name``."""
    known = registry.entries("field")
    if not any(entry.means(name) for entry in known):
        names = [*FIELDS, *(entry.name for entry in known)]
        whose = f"{part.entry.kind} {part.entry.name}"
        what = f"{whose} needs batch field {name!r}, which does not exist"
        hint = RETIRED.get(name) or did_you_mean(bare_name(name), names)
        raise UsageError(what, hint=hint)
    return registry.get("field", name, within=part.entry.plugin)
