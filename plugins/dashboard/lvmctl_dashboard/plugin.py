"""What this distribution declares."""

from __future__ import annotations

from lvmctl import CommandSpec, hookimpl


@hookimpl
def lvmctl_commands() -> list[CommandSpec]:
    return [
        CommandSpec(
            name="dashboard",
            summary="Show runs, comparisons and stores in a browser.",
            target="lvmctl_dashboard.command:dashboard",
        )
    ]
