"""What ends a training before its last epoch."""

from __future__ import annotations

from typing import Any

from lvmctl import processes
from lvmctl.core.run_directory import RunDirectory
from lvmctl.plan import Plan
from lvmctl.registry import Registry
from lvmctl.registry.build import build
from lvmctl.registry.faults import Hooks, attribute_errors, copied


class StopRules:
    """The kill rules of a plan, and the plugins that hear of every epoch; the first process
    asks."""

    def __init__(self, plan: Plan, registry: Registry, run: RunDirectory, hooks: Hooks) -> None:
        self.parts, self.run, self.hooks = plan.kill, run, hooks
        self.rules = [build(registry, part.entry, options=part.options) for part in self.parts]

    def __call__(self, record: dict[str, Any]) -> str | None:
        """What a rule or a plugin says to an epoch's record, or None; the same in all processes."""
        return processes.from_first(lambda: self.reason(record))

    def reason(self, record: dict[str, Any]) -> str | None:
        """As called, in one process."""
        for part, rule in zip(self.parts, self.rules):
            with attribute_errors(part.entry):
                reason = rule(copied(record))
            if reason:
                return f"{part.entry.qualified}: {reason}"
        facts = {"run": self.run, "epoch": record["epoch"], "metrics": record}
        return "; ".join(self.hooks.call("lvmctl_after_epoch", **facts)) or None
