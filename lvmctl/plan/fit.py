"""Whether the parts of a plan fit together."""

from __future__ import annotations

from collections.abc import Sequence

from lvmctl.config import TrainingOptions
from lvmctl.core.errors import nearest
from lvmctl.plan.fields import batch_fields
from lvmctl.plan.plan import PlannedPart
from lvmctl.registry import Registry
from lvmctl.registry.specs import SampleWeight


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
        close = nearest(name, plugins)
        hint = f"did you mean {close!r}?" if close else "trackers: pip install lvmctl-trackers"
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
