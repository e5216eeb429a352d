"""Each check of commands fails for a command that breaks its rule, and for no sound one."""

from __future__ import annotations

import click
from testing.judged import address, fails, passes

from lvmctl.registry.record import CommandSpec


@click.command()
@click.argument("store")
@click.option("--much", help="How much.")
@click.option("--secret", hidden=True)
def sound(store, much, secret):
    """Do something."""


@click.group()
def group():
    """Do several things."""


group.add_command(sound, "first")


deep = click.Group("deep", help="Do several things.")
deep.add_command(click.Command("below", help="Do it.", params=[click.Option(["--much"])]))


class Raising(click.Command):
    def format_help(self, ctx, formatter):
        raise RuntimeError("no help today")


class Printing(click.Command):
    def format_help(self, ctx, formatter):
        formatter.write("Hello!")


def record(target, name="x") -> CommandSpec:
    return CommandSpec(name=name, summary="A command.", target=address(target))


EXPLAINED, HELP, TARGET = "everything_is_explained", "help_works", "target_is_a_command"

test_a_sound_command_passes = passes([record(sound), record(group)])

test_a_broken_command_fails_its_check_alone = fails(
    [
        (record(click.Command("x")), EXPLAINED, "`x` has no help text"),
        (record(deep.commands["below"]), EXPLAINED, "--much of `x` has no help text"),
        (record(deep), EXPLAINED, "--much of `x below` has no help text"),
        (record(click.Command("x", help="Do it.", add_help_option=False)), HELP, "exits with 2"),
        (record(Raising("x", help="Do it.")), HELP, "RuntimeError('no help today')"),
        (record(Printing("x", help="Do it.")), HELP, "`x --help` exits with 0: 'Hello!'"),
        (record(sound, "train"), TARGET, "`lvmctl train` is lvmctl's own"),
        (record(sound, "plugins"), TARGET, "`lvmctl plugins` is lvmctl's own"),
    ],
    alone=True,
)

test_a_target_is_a_click_command = fails(
    [(record(len), (TARGET, EXPLAINED, HELP), "is a builtin_function_or_method, not a click.Comm")]
)
