"""What this distribution declares."""

from __future__ import annotations

from lvmctl import CommandSpec, hookimpl


@hookimpl
def lvmctl_commands() -> list[CommandSpec]:
    return [
        CommandSpec(
            name="serve",
            summary="Answer requests over HTTP with trained runs.",
            target="lvmctl_serve.command:serve",
        )
    ]
