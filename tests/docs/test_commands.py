"""docs/commands.md has every command, argument and option of ``lvmctl``, and no other."""

from __future__ import annotations

import re
from collections.abc import Iterator

import click
import pytest
from docs.pages import DOCS, bare, read, section, tables

from lvmctl.cli.main import cli
from lvmctl.registry import configure

PAGE = DOCS / "commands.md"
DEFAULT = re.compile(r"\s*\[default: (.*)\]\.?$")
SHORT = {"INTEGER RANGE": "N", "INTEGER": "N", "INT": "N", "FLOAT": "X", "STR": "TEXT"}
"""Shorter words for click's own names of types."""

NONE = "None"
"""What the help of a generated option says where nothing is the default."""


def tree(
    command: click.Command, name: str, parent: click.Context | None = None
) -> Iterator[tuple[click.Command, click.Context]]:
    """A command and all below it, each with the context in which its help is shown."""
    context = click.Context(command, parent, name, **command.context_settings)
    yield command, context
    if isinstance(command, click.Group):
        for below in command.list_commands(context):
            yield from tree(command.get_command(context, below), below, context)


def own_commands() -> dict[str, tuple[click.Command, click.Context]]:
    """The commands of lvmctl without plugins, by what is typed."""
    configure(enabled=False)
    by_path = {context.command_path: (command, context) for command, context in tree(cli, "lvmctl")}
    configure()
    return by_path


COMMANDS = own_commands()


def rows(command: click.Command, context: click.Context) -> list[list[str]]:
    """Name and default of its arguments and options, as a table has them; --help is said once."""
    arguments, options = [], []
    for parameter in command.get_params(context):
        if isinstance(parameter, click.Argument):
            arguments.append([f"`{parameter.make_metavar(context)}`", required(parameter)])
        elif "--help" not in parameter.opts and not parameter.hidden:
            options.append([spelled(parameter, context), required(parameter) or default(parameter)])
    return arguments + options


def required(parameter: click.Parameter) -> str:
    return "required" if parameter.required else ""


def spelled(option: click.Option, context: click.Context) -> str:
    """``-v, --verbose`` or ``--epochs N``."""
    value = "" if option.is_flag else option.make_metavar(context)
    names = ", ".join(option.opts)
    return f"`{names} {SHORT.get(value, value)}`" if value else f"`{names}`"


def default(option: click.Option) -> str:
    """The default of an option, which the help says where the command works it out."""
    if (default := DEFAULT.search(option.help or "")) and default[1] != NONE:
        return f"`{default[1]}`" if " " not in default[1] else default[1]
    # Where there is none, click has a value of its own, which is no such type.
    known = isinstance(option.default, int | float | str) and not option.is_flag
    return f"`{option.default}`" if known else ""


def documented(path: str) -> list[list[str]]:
    """The rows of a command's section, without those of the commands below it."""
    text = section(PAGE, f"## `{path}`")
    return [row for table in tables(text) for row in table[1:]]


def test_every_command_has_a_section_and_no_other():
    assert re.findall(r"^## `(.*)`$", read(PAGE), re.MULTILINE) == list(COMMANDS)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_option_of_a_command_is_documented(path):
    documented_rows, wanted = documented(path), rows(*COMMANDS[path])
    missing = [row for row in wanted if row not in [r[:2] for r in documented_rows]]
    assert missing == [], f"not in {path} of {PAGE}"
    surplus = [row for row in documented_rows if row[:2] not in wanted]
    assert surplus == [], f"{path} has no such option"
    assert all(text for _, _, text in documented_rows)


@pytest.mark.parametrize("path", COMMANDS)
def test_every_command_is_explained(path):
    first = section(PAGE, f"## `{path}`").strip().splitlines()[0]
    assert re.match(r"[A-Z].*", first)


def test_what_every_command_has_is_documented_once():
    before = read(PAGE).partition("\n## ")[0]
    for _, context in COMMANDS.values():
        assert [name for name in context.help_option_names if f"`{name}`" not in before] == []


def test_the_page_names_every_command_in_its_table():
    listed = [bare(row[0]) for row in tables(read(PAGE).partition("\n## ")[0])[0][1:]]
    assert listed == [path for path in COMMANDS if path != "lvmctl" and path.count(" ") == 1]
