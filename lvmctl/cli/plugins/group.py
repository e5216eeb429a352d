"""``lvmctl plugins``: what is installed, what each part takes, and whether it is sound."""

from __future__ import annotations

import click

from lvmctl.cli.lazy import LazyCommand, LazyGroup

COMMANDS = {
    "list": LazyCommand("lvmctl.cli.plugins.list:list_", "What is installed, and what is broken."),
    "describe": LazyCommand("lvmctl.cli.plugins.describe:describe_", "Options, needs and origin."),
    "check": LazyCommand("lvmctl.cli.plugins.check:check", "Check that a plugin keeps the rules."),
    "new": LazyCommand("lvmctl.cli.plugins.new:new", "Write a package to start from."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def plugins() -> None:
    """List, describe, check and create plugins.

    \b
    lvmctl plugins list --kind loss
    lvmctl plugins describe p8
    lvmctl plugins new loss angular-margin
    lvmctl plugins check angular-margin
    """
