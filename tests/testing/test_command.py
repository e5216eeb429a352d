"""Each check of commands fails for a command that breaks its rule, and for no sound one."""

from __future__ import annotations

import click
import pytest
from testing import judged

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


@click.command()
def silent(): ...


@click.command()
@click.option("--much")
def unexplained(much):
    """Do something."""


@click.group()
def deep():
    """Do several things."""


deep.add_command(unexplained, "below")


@click.command(add_help_option=False)
def helpless():
    """Do something."""


class Raising(click.Command):
    def format_help(self, ctx, formatter):
        raise RuntimeError("no help today")


class Printing(click.Command):
    def format_help(self, ctx, formatter):
        formatter.write("Hello!")


raising = Raising("x", help="Do something.")
printing = Printing("x", help="Do something.")


def no_command():
    """Do something."""


def failures(target, name="x"):
    record = CommandSpec(name=name, summary="A command.", target=f"{__name__}:{target}")
    return judged.failures(judged.judged(record))


@pytest.mark.parametrize("target", ["sound", "group"])
def test_a_sound_command_passes(target):
    assert failures(target) == {}


@pytest.mark.parametrize(
    ("target", "check", "why"),
    [
        ("silent", "everything_is_explained", "`x` has no help text"),
        ("unexplained", "everything_is_explained", "--much of `x` has no help text"),
        ("deep", "everything_is_explained", "--much of `x below` has no help text"),
        ("helpless", "help_works", "`x --help` exits with 2"),
        ("raising", "help_works", "RuntimeError('no help today')"),
        ("printing", "help_works", "`x --help` exits with 0: 'Hello!'"),
    ],
)
def test_a_broken_command_fails_its_check_alone(target, check, why):
    failed = failures(target)
    assert list(failed) == [check]
    assert why in failed[check]


def test_a_target_is_a_click_command():
    assert failures("no_command")["target_is_a_command"].endswith(
        "no_command is a function, not a click.Command"
    )


@pytest.mark.parametrize("name", ["train", "plugins"])
def test_a_name_of_lvmctl_is_taken(name):
    assert failures("sound", name) == {"target_is_a_command": f"`lvmctl {name}` is lvmctl's own"}
