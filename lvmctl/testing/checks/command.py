"""Checks of commands."""

from __future__ import annotations

from collections.abc import Iterator

import click
from click.testing import CliRunner

from lvmctl.cli.main import COMMANDS
from lvmctl.testing.check import CheckFailed, Subject, check, checks_in


def command(subject: Subject) -> click.Command:
    """The command that the record's target is."""
    target = subject.registry.resolve(subject.entry)
    if not isinstance(target, click.Command):
        kind = type(target).__name__
        raise CheckFailed(f"{subject.record.target} is a {kind}, not a click.Command")
    return target


def tree(top: click.Command, *names: str) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    """A command and all commands below it, each with the names that lead to it."""
    yield names, top
    if isinstance(top, click.Group):
        with click.Context(top) as context:
            for name in top.list_commands(context):
                below = top.get_command(context, name)
                if below is not None:
                    yield from tree(below, *names, name)


@check
def target_is_a_command(subject: Subject) -> None:
    """The target is a ``click.Command``, and no command of lvmctl has its name, which would hide
    it."""
    command(subject)
    if subject.record.name in COMMANDS:
        raise CheckFailed(f"`lvmctl {subject.record.name}` is lvmctl's own")


@check
def everything_is_explained(subject: Subject) -> None:
    """It and every command below it has a help text, and so has each of their options."""
    for names, below in tree(command(subject), subject.record.name):
        if not (below.help or "").strip():
            raise CheckFailed(f"`{' '.join(names)}` has no help text")
        for parameter in below.params:
            if isinstance(parameter, click.Option) and not (parameter.help or parameter.hidden):
                raise CheckFailed(f"{parameter.opts[0]} of `{' '.join(names)}` has no help text")


@check
def help_works(subject: Subject) -> None:
    """``--help`` prints the help and exits with 0, for it and every command below it."""
    top = command(subject)
    for names, _ in tree(top, subject.record.name):
        result = CliRunner().invoke(top, [*names[1:], "--help"], prog_name=names[0])
        if result.exit_code or not result.output.startswith("Usage:"):
            why = result.exception or (result.output.strip().splitlines() or ["nothing"])[0]
            raise CheckFailed(f"`{' '.join(names)} --help` exits with {result.exit_code}: {why!r}")


CHECKS = checks_in(globals())
