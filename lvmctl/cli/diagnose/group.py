"""``lvmctl diagnose``: a command for each diagnostic, made from its record, and ``all``."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.choose_run import chosen_run
from lvmctl.cli.complete import SOURCE, records, run_names, sources
from lvmctl.cli.diagnose.show import Answer, answer_of, line, refuse_output, save
from lvmctl.cli.lazy import Group
from lvmctl.cli.output import emit, json_option, notice, printable
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.config import describe
from lvmctl.core.errors import LvmctlError, OutputError, UsageError, out_of_memory
from lvmctl.core.formatting import paragraph

if TYPE_CHECKING:
    from lvmctl.registry import Entry, Registry

ALL = "all"
ORDER = (
    *("split-parity", "leakage", "geometry", "direction", "ceilings", "feasibility"),
    *("metrics", "run"),
)
"""From cheap to dear, and data before runs; a plugin's come after."""

OUT = click.option(
    "--out",
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Save the result and its plot in a new directory.",
)
FULL = click.option("--full", is_flag=True, help="Show every table.")
APART = (
    click.Option(["--train"], multiple=True, help="Training data; repeat.", **SOURCE),
    click.Option(["--val"], help="Validation data.", **SOURCE),
    click.Option(["--ood"], help="Data of another source.", **SOURCE),
)
LEVEL = "level"
"""Of the stores, for a diagnostic of data that has no option of this name."""

LEVEL_HELP = "Level of the stores, e.g. sentence."

NAMED = ("profile", "recipe", "encoder", "baseline")
"""Options of diagnostics that name a part of this kind."""

SUBJECTS = {
    "store": (click.Argument(["store"], required=False, shell_complete=sources),),
    "splits": (click.Argument(["store"], required=False, shell_complete=sources), *APART),
    "run": (
        click.Argument(["run"], required=False, shell_complete=run_names),
        click.Option(
            ["--history"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="A bare training_history.json, or a published 5CAT log.",
        ),
    ),
}
HELP = {
    "store": """Without a STORE: the embedded demonstration data.

\b
lvmctl diagnose NAME stores/books
lvmctl diagnose NAME stores/books --out findings/""",
    "splits": """Without a STORE: the embedded demonstration data.

\b
lvmctl diagnose NAME stores/books
lvmctl diagnose NAME --train a/ --val b/ --out findings/""",
    "run": """Without a RUN: the latest.

\b
lvmctl diagnose NAME runs/p7_a
lvmctl diagnose NAME --history training_history.json""",
}


class Diagnoses(Group):
    """A group whose commands are the registered diagnostics."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        registry, entries = diagnostics()
        return [*(registry.address(entry) for entry in entries), ALL]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name.startswith("-"):
            return None
        if cmd_name == ALL:
            return everything
        registry, entries = diagnostics()
        if not any(entry.means(cmd_name) for entry in entries):
            raise registry.unknown(cmd_name, "diagnostic", also=[ALL])
        return command(registry, registry.get("diagnostic", cmd_name))


def diagnostics() -> tuple[Registry, list[Entry]]:
    """The registry, and its diagnostics in the order they are asked."""
    from lvmctl.registry import load_registry

    registry = load_registry()

    def place(entry: Entry) -> int:
        return ORDER.index(entry.name) if entry.name in ORDER else len(ORDER)

    return registry, sorted(registry.entries("diagnostic"), key=place)


def command(registry: Registry, entry: Entry) -> click.Command:
    """The command of one diagnostic: its subject, its options, --out and --json."""
    options = describe(entry.record.options)
    flags = [
        click.Option(
            [f"--{info.path.replace('_', '-').replace('.', '-')}", info.path.replace(".", "_")],
            metavar=info.type.scalar.__name__.upper(),
            help=f"{sentence(info.help)}.  [default: {info.default}]",
            shell_complete=records(info.path) if info.path in NAMED else None,
        )
        for info in options
    ]
    takes = entry.record.takes

    def callback(out: Path | None, full: bool, as_json: bool, **arguments: Any) -> int:
        from lvmctl.api.diagnosis import diagnose

        values = {i.path: arguments.pop(i.path.replace(".", "_")) for i in options}
        typed = {name: value for name, value in values.items() if value is not None}
        refuse_output(out)
        subject = subject_of(arguments)
        if takes == "run" and subject is None:
            subject = chosen_run(None)
        with redirect_stdout(sys.stderr):
            diagnosis = diagnose(
                registry.address(entry),
                subject,
                options=typed,
                reporter=TerminalReporter(),
                **arguments,
            )
            answer = answer_of(entry, diagnosis, full, draw=out is not None)
        emit(answer.record, f"diagnose.{entry.name}", as_json, answer.text)
        if out is not None:
            save(out, {entry.name: answer})
        if answer.fault is not None:
            notice(f"error: the plot is left out: {line(answer.fault)}")
        return answer.code

    subjects = list(SUBJECTS[takes])
    if takes != "run" and LEVEL not in {info.path for info in options}:
        subjects.append(click.Option([f"--{LEVEL}"], metavar="NAME", help=LEVEL_HELP))
    text = f"{entry.record.summary}\n\n{HELP[takes].replace('NAME', entry.name)}"
    params = [*subjects, *flags]
    made = click.Command(entry.name, params=params, callback=callback, help=text)
    return json_option(FULL(OUT(made)))


def subject_of(arguments: dict[str, Any]) -> str | Path | None:
    """Takes what a diagnostic is asked about out of a command's values."""
    named = arguments.pop("run", arguments.pop("store", None))
    history = arguments.pop("history", None)
    if history is None:
        return named
    if named is not None:
        raise UsageError("RUN and --history name two runs", hint="give one of them")
    return history


@click.command(ALL)
@click.argument("store", required=False, shell_complete=sources)
@click.option("--run", metavar="RUN", shell_complete=run_names, help="Look into this run too.")
@click.option(f"--{LEVEL}", metavar="NAME", help=LEVEL_HELP)
@OUT
@FULL
@json_option
def everything(
    store: str | None,
    run: str | None,
    level: str | None,
    out: Path | None,
    full: bool,
    as_json: bool,
) -> int:
    """Run every diagnostic that applies, one after another.

    One that fails does not stop the others. Exit code 1 where a diagnosis says so.

    \b
    lvmctl diagnose all stores/books
    lvmctl diagnose all stores/books --run runs/p7_a --out findings/
    """
    from lvmctl.api.diagnosis import diagnose
    from lvmctl.api.store import open_store

    refuse_output(out)
    if store is not None:
        open_store(store, level)  # what none of them can open is said once
    registry, entries = diagnostics()
    stdout = sys.stdout
    answers: dict[str, Answer] = {}
    faults: dict[str, str] = {}

    def say(text: str) -> None:
        if not as_json:
            click.echo(printable(text), file=stdout)

    def ask(entry: Entry, name: str) -> int:
        of_run = entry.record.takes == "run"
        subject, of_level = (run, None) if of_run else (store, level)
        diagnosis = diagnose(name, subject, level=of_level, reporter=TerminalReporter())
        answers[name] = answer = answer_of(entry, diagnosis, full, draw=out is not None)
        say(f"── {name}\n{answer.text}\n")
        if answer.fault is not None:
            faults[name] = line(answer.fault)
            say(paragraph(f"NOT DRAWN: {faults[name]}") + "\n")
        return answer.code

    def ask_or_go_on(entry: Entry) -> int:
        name = registry.address(entry)
        try:
            return ask(entry, name)
        except Exception as error:
            failure = error
            if out_of_memory(error):
                hint = "use less data, or a machine with more"
                failure = OutputError("not enough memory", hint=hint)
            if not isinstance(failure, LvmctlError):  # lvmctl's own fault
                raise
            faults[name] = line(failure)
            say(f"── {name}\n{paragraph(f'NOT ANSWERED: {faults[name]}')}\n")
            return failure.exit_code

    applicable = [e for e in entries if e.record.takes != "run" or run is not None]
    with redirect_stdout(sys.stderr):
        codes = [ask_or_go_on(entry) for entry in applicable]
    records = {name: answer.record for name, answer in answers.items()}
    emit({"diagnoses": records, "faults": faults}, "diagnose.all", as_json, "")
    if out is not None:
        save(out, answers)
    return 1 if 1 in codes else next((code for code in codes if code), 0)


@click.group(cls=Diagnoses)
def diagnose() -> None:
    """Diagnose data before training, and runs after it.

    Each prints a verdict in one sentence, the figures that explain it, and what would change it;
    --full shows the other figures too.

    \b
    lvmctl diagnose split-parity
    lvmctl diagnose feasibility stores/books --profile p8
    lvmctl diagnose run runs/p7_a
    lvmctl diagnose all stores/books --out findings/
    """


def sentence(help: str) -> str:
    """An option's help with a capital, unless it begins with a symbol: h is not H."""
    return help if help[1:2] == "," else f"{help[:1].upper()}{help[1:]}"
