"""A command group that lists its commands without importing them."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, NamedTuple

import click

from lvmctl.core.errors import UsageError, nearest

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem


class LazyCommand(NamedTuple):
    """Where a command lives (``"package.module:attribute"``) and its line in ``--help``."""

    target: str
    short_help: str


class Group(click.Group):
    """A group whose help shows the whole first sentence of each command, and which names the
    nearest command where one is mistyped."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that ``args`` begin with."""
        name = args[0]
        if not (name.startswith("-") or ctx.resilient_parsing or self.get_command(ctx, name)):
            names = self.list_commands(ctx)
            close = (
                self.option_called(ctx, name) or self.elsewhere(ctx, name) or nearest(name, names)
            )
            hint = f"did you mean {close}?" if close else f"there are {', '.join(names)}"
            raise UsageError(f"{ctx.command_path} has no command {name!r}", hint=hint)
        return super().resolve_command(ctx, args)

    def elsewhere(self, ctx: click.Context, name: str) -> str | None:
        """The command of that very name which is no part of this group, such as ``lvmctl verify``
        for ``lvmctl data verify``."""
        root = ctx.find_root()
        group = root.command
        known = isinstance(group, click.Group) and name in group.list_commands(root)
        return f"{root.command_path} {name}" if known else None

    def option_called(self, ctx: click.Context, name: str) -> str | None:
        """The group's option of that name, such as ``--version``, if it has one."""
        option = f"--{name}"
        return option if any(option in param.opts for param in self.get_params(ctx)) else None

    def short_helps(self, ctx: click.Context) -> list[tuple[str, str]]:
        """The names of the commands that ``--help`` lists, with a line each."""
        commands = [(name, self.get_command(ctx, name)) for name in self.list_commands(ctx)]
        return [(name, each.get_short_help_str(limit=1000)) for name, each in commands if each]

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl(self.short_helps(ctx))


class LazyGroup(Group):
    """A group whose subcommands are imported when they run; their short help comes from ``lazy``,
    so that ``--help`` imports none."""

    def __init__(self, *args: Any, lazy: Mapping[str, LazyCommand], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lazy = dict(lazy)

    def list_commands(self, ctx: click.Context) -> list[str]:
        return [*self.lazy, *super().list_commands(ctx)]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in self.lazy:
            return super().get_command(ctx, cmd_name)
        module, _, attribute = self.lazy[cmd_name].target.partition(":")
        return getattr(importlib.import_module(module), attribute)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Names of commands with their short help, imported no more than for ``--help``."""
        from click.shell_completion import CompletionItem

        names = [name for name in self.list_commands(ctx) if name.startswith(incomplete)]
        helps = {name: command.short_help for name, command in self.lazy.items()}
        items = [CompletionItem(name, help=helps.get(name)) for name in names]
        return items + click.Command.shell_complete(self, ctx, incomplete)

    def short_helps(self, ctx: click.Context) -> list[tuple[str, str]]:
        return [(name, command.short_help) for name, command in self.lazy.items()]
