"""The ``lvmctl`` command: global options, the list of commands, and how errors end.

Exit codes: 0 ok, 1 a gate failed, 2 usage, 3 bad data, 4 bad checkpoint or run, 5 diverged,
6 input/output or memory, 70 a fault of lvmctl itself, 128 + n ended by signal n.
"""

from __future__ import annotations

import os
import sys
import warnings
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any, NoReturn

import click

import lvmctl
from lvmctl import processes
from lvmctl.cli.exit_codes import BROKEN_PIPE, INTERRUPTED, report
from lvmctl.cli.lazy import LazyCommand, LazyGroup
from lvmctl.cli.process import (
    open_streams,
    prepare_torch,
    print_warnings_as_lines,
    settle_streams,
    unwinding,
)
from lvmctl.core.errors import UsageError

if TYPE_CHECKING:
    from click.shell_completion import CompletionItem

    from lvmctl.registry import Entry

COMPLETE = "_LVMCTL_COMPLETE"
"""What a shell sets to ask for completions; click's word."""

COMMANDS = {
    "data": LazyCommand(
        "lvmctl.cli.data.group:data", "Import, embed, synthesise and inspect data."
    ),
    "train": LazyCommand(
        "lvmctl.cli.train.command:train", "Train a recipe and show its metrics beside the baseline."
    ),
    "eval": LazyCommand(
        "lvmctl.cli.eval.group:eval_", "Measure a run beside baselines and ceilings."
    ),
    "diagnose": LazyCommand(
        "lvmctl.cli.diagnose.group:diagnose",
        "Diagnose data before training, and runs after it.",
    ),
    "predict": LazyCommand(
        "lvmctl.cli.predict.command:predict", "Ask a run what comes next after texts or vectors."
    ),
    "plugins": LazyCommand(
        "lvmctl.cli.plugins.group:plugins", "List and describe what is installed."
    ),
    "experiments": LazyCommand(
        "lvmctl.cli.experiments:experiments", "List, show and validate named configurations."
    ),
    "runs": LazyCommand("lvmctl.cli.runs.group:runs", "List, show and remove trained runs."),
    "verify": LazyCommand(
        "lvmctl.cli.verify:verify", "Compare stores and runs with the hashes recorded of them."
    ),
    "doctor": LazyCommand("lvmctl.cli.doctor:doctor", "Check this installation and this machine."),
}


GLOBAL = {"--debug", "--no-plugins", "--strict-plugins", "--trust-code"}
"""Flags of ``lvmctl`` itself, wherever they stand."""


PLUGINS = "lvmctl.plugins"
"""Whether plugins are asked for their commands, in the context of ``--help``."""

SHARED_OUT = {"train", "data embed", "eval baselines", "eval retrieval", "eval 5cat"}
"""Commands whose work several processes share, as torchrun starts them."""


class Session:
    """What the error handler must know: whether tracebacks are shown, and the entry of a plugin's
    command, None for lvmctl's own."""

    debug = False
    command: Entry | None = None


class TopLevel(LazyGroup):
    """The lazy group, which also runs commands that plugins declare."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Let the global flags stand behind a subcommand, too."""
        end = args.index("--") if "--" in args else len(args)
        flags = [word for word in args[:end] if word in GLOBAL]
        rest = [word for word in args[:end] if word not in GLOBAL]
        ctx.meta[PLUGINS] = "--no-plugins" not in flags
        return super().parse_args(ctx, [*flags, *rest, *args[end:]])

    def short_helps(self, ctx: click.Context) -> list[tuple[str, str]]:
        """Commands of plugins stand behind lvmctl's own."""
        if not ctx.meta.get(PLUGINS, True):
            return super().short_helps(ctx)
        from lvmctl.registry.commands import commands

        return [*super().short_helps(ctx), *commands().items()]

    def invoke(self, ctx: click.Context) -> Any:
        """Apply the global options before the command is looked up: that may load plugins."""
        from lvmctl.config.experiments import disabled_plugins
        from lvmctl.registry import configure

        ctx.ensure_object(Session).debug = ctx.params["debug"]
        if ctx.params["trust_code"]:
            from lvmctl.core.trust import VARIABLE

            os.environ[VARIABLE] = "1"  # for the processes of a sweep, too
        configure(
            enabled=not ctx.params["no_plugins"],
            strict=ctx.params["strict_plugins"],
            disable=disabled_plugins(),
        )
        return super().invoke(ctx)

    def shell_complete(self, ctx: click.Context, incomplete: str) -> list[CompletionItem]:
        """Commands of plugins stand beside lvmctl's own."""
        from lvmctl.cli.complete import records

        built_in = super().shell_complete(ctx, incomplete)
        return built_in + records("command")(ctx, click.Argument(["command"]), incomplete)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is not None or cmd_name.startswith("-"):
            return command
        from lvmctl.registry import load_registry

        registry = load_registry()
        if not any(entry.means(cmd_name) for entry in registry.entries("command")):
            if option := self.option_called(ctx, cmd_name):
                raise UsageError(f"no command {cmd_name!r}", hint=f"did you mean {option}?")
            raise registry.unknown(cmd_name, "command", also=self.lazy)
        entry = registry.get("command", cmd_name)
        ctx.ensure_object(Session).command = entry
        return registry.resolve(entry)


@click.group(
    cls=TopLevel,
    lazy=COMMANDS,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(lvmctl.__version__, prog_name="lvmctl", message="%(prog)s %(version)s")
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.option("--no-plugins", is_flag=True, help="Load no plugin, only lvmctl's own parts.")
@click.option("--strict-plugins", is_flag=True, help="Stop when any plugin is broken.")
@click.option("--trust-code", is_flag=True, help="Run file.py:Class that a saved file names.")
def cli(**_: bool) -> None:
    """Train, measure and diagnose latent vector models: models that predict the embedding of the
    next chunk of a text."""


def main(args: Sequence[str] | None = None) -> NoReturn:
    """Run a command line (default: this process's) and exit with its code."""
    prepare_torch()
    open_streams()
    print_warnings_as_lines()
    code = INTERRUPTED
    with suppress(KeyboardInterrupt), unwinding():
        code = run(args)
    with suppress(KeyboardInterrupt):
        settle_streams()
    sys.exit(code)


def complete() -> NoReturn:
    """Answer a shell that asks what can follow; what goes wrong there shows nothing."""
    from lvmctl.config.experiments import disabled_plugins
    from lvmctl.registry import configure

    try:
        configure(disable=disabled_plugins())
        cli.main(prog_name="lvmctl")
    except Exception:
        sys.exit(1)
    sys.exit(0)


def run(args: Sequence[str] | None = None) -> int:
    """Run a command line and return its exit code; every error becomes one line on stderr."""
    session = Session()
    try:
        words = sys.argv[1:] if args is None else args
        require_one_process(words)
        with processes.joined():
            if processes.rank():
                warnings.simplefilter("ignore")  # process 0 has the same
            code = _invoke(session, words)
        sys.stdout.flush()
        return code
    except SystemExit:
        raise
    except BrokenPipeError:
        return BROKEN_PIPE
    except click.exceptions.NoArgsIsHelpError as error:
        with suppress(OSError):
            error.show()
        return error.exit_code
    except BaseException as error:
        return report(error, session.debug, session.command)


def require_one_process(words: Sequence[str]) -> None:
    """Refuse a command that several processes would do several times, before they meet: one that
    ends at once would leave the others waiting for it."""
    names = [word for word in words if not word.startswith("-")][:2]
    if processes.several() and not SHARED_OUT & {" ".join(names), *names[:1]}:
        if os.environ["RANK"] != "0":
            sys.exit(UsageError.exit_code)
        hint = "type it without torchrun"
        raise UsageError(f"`lvmctl {' '.join(names)}` is done by one process", hint=hint)


def _invoke(session: Session, args: Sequence[str]) -> int:
    """Run a command line as click's ``main`` does, but let every exception come out as it is.

    Click's own takes an EOFError anywhere for an interrupt, and puts an empty line before one.
    """
    if COMPLETE in os.environ:
        complete()
    try:
        with cli.make_context("lvmctl", list(args), obj=session) as context:
            result = cli.invoke(context)
    except click.exceptions.Exit as error:
        return error.exit_code
    return result if type(result) is int else 0
