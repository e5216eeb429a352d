"""Profiles by name: a profile's record and the verdict gates that it names
(docs/methods.md#protocol)."""

from __future__ import annotations

from lvmctl.core.errors import PluginError
from lvmctl.registry import Registry
from lvmctl.registry.verdict_specs import ProfileSpec, VerdictGate


def find_profile(registry: Registry, name: str) -> tuple[ProfileSpec, list[VerdictGate]]:
    """The profile ``name`` and its gates, in the profile's order.

    Raises:
        PluginError: no plugin declares it (the nearest is suggested), several do, or it names a
            gate that is none or no verdict.
    """
    entry = registry.get("profile", name)
    gates = [registry.get("gate", gate, within=entry.plugin) for gate in entry.record.gates]
    for gate in gates:
        if not isinstance(gate.record, VerdictGate):
            raise PluginError(
                f"profile {entry.qualified} asks for {gate.qualified}, which is a "
                f"{gate.record.role} gate, not a verdict gate",
                hint=f"repair or reinstall {entry.plugin.distribution}",
            )
    return entry.record, [gate.record for gate in gates]
