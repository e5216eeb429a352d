"""``lvmctl diagnose``: a command for each diagnostic, made from its record, and ``all``."""

from __future__ import annotations

import sys
from contextlib import nullcontext, redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.diagnose_show import record_of, refuse_output, save, text_of
from lvmctl.cli.eval_options import Terminal
from lvmctl.cli.output import emit, json_option
from lvmctl.config import describe

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
APART = (
    click.Option(["--train"], multiple=True, metavar="SOURCE", help="Training data; repeat."),
    click.Option(["--val"], metavar="SOURCE", help="Validation data."),
    click.Option(["--ood"], metavar="SOURCE", help="Data of another source."),
)
SUBJECTS = {
    "store": (click.Argument(["store"], required=False),),
    "splits": (click.Argument(["store"], required=False), *APART),
    "run": (
        click.Argument(["run"], required=False),
        click.Option(
            ["--history"],
            type=click.Path(path_type=Path, dir_okay=False),
            metavar="FILE",
            help="A bare training_history.json in the place of a run.",
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


class Diagnoses(click.Group):
    """A group whose commands are the registered diagnostics."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        registry, entries = found()
        return [*(registry.address(entry) for entry in entries), ALL]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name.startswith("-"):
            return None
        if cmd_name == ALL:
            return everything
        registry, entries = found()
        if not any(entry.means(cmd_name) for entry in entries):
            raise registry.unknown(cmd_name, "diagnostic", also=[ALL])
        return command(registry, registry.get("diagnostic", cmd_name))


def found() -> tuple[Registry, list[Entry]]:
    """The registry, and its diagnostics in the order they are asked."""
    from lvmctl.registry import load_registry

    registry = load_registry()

    def place(entry: Entry) -> int:
        return ORDER.index(entry.name) if entry.name in ORDER else len(ORDER)

    return registry, sorted(registry.entries("diagnostic"), key=place)


def command(registry: Registry, entry: Entry) -> click.Command:
    """The command of one diagnostic: its subject, its options, --out and --json."""
    options = describe(entry.record.options)
    own = [
        click.Option(
            [f"--{info.name.replace('_', '-')}"],
            metavar=info.type.scalar.__name__.upper(),
            help=f"{info.help[:1].upper()}{info.help[1:]}.  [default: {info.default}]",
        )
        for info in options
    ]
    takes = entry.record.takes

    def callback(out: Path | None, as_json: bool, **given: Any) -> int:
        from lvmctl.diagnostics.job import Asked, diagnose

        values = {i.name: given.pop(i.name) for i in options}
        typed = {name: value for name, value in values.items() if value is not None}
        refuse_output(out)
        with redirect_stdout(sys.stderr):
            diagnosis = diagnose(registry, entry, typed, Asked(**given), Terminal())
            if out is not None:
                save(out, {entry.name: diagnosis})
        emit(
            record_of(diagnosis), f"diagnose.{entry.name}", as_json, lambda: text_of(diagnosis, out)
        )
        return int(diagnosis.failed)

    text = f"{entry.record.summary}\n\n{HELP[takes].replace('NAME', entry.name)}"
    made = click.Command(entry.name, params=[*SUBJECTS[takes], *own], callback=callback, help=text)
    return json_option(OUT(made))


@click.command(ALL)
@click.argument("store", required=False)
@click.option("--run", metavar="RUN", help="Look into this run too.")
@OUT
@json_option
def everything(store: str | None, run: str | None, out: Path | None, as_json: bool) -> int:
    """Ask every diagnostic that applies, one after another.

    One that fails does not stop the others. Exit code 1 where a diagnosis says so.

    \b
    lvmctl diagnose all stores/books
    lvmctl diagnose all stores/books --run runs/p7_a --out findings/
    """
    from lvmctl.diagnosis import Diagnosis
    from lvmctl.diagnostics.job import Asked, diagnose_all

    refuse_output(out)
    registry, entries = found()
    asked = [e for e in entries if e.record.takes != "run" or run is not None]
    diagnoses: dict[str, Diagnosis] = {}
    faults: dict[str, str] = {}

    def tell(entry: Entry, answer: Any) -> None:
        name = registry.address(entry)
        if isinstance(answer, Diagnosis):
            diagnoses[name] = answer
            shown = text_of(answer)
        else:
            faults[name] = str(answer)
            shown = f"NOT ANSWERED: {answer}"
        if not as_json:
            click.echo(f"── {name}\n{shown}\n")

    with redirect_stdout(sys.stderr) if as_json else nullcontext():
        code = diagnose_all(registry, asked, Asked(store=store, run=run), Terminal(), tell)
        if out is not None:
            save(out, diagnoses)
    if as_json:
        answers = {name: record_of(one) for name, one in diagnoses.items()}
        emit({"diagnoses": answers, "faults": faults}, "diagnose.all", True, "")
    return code


@click.group(cls=Diagnoses)
def diagnose() -> None:
    """Know before you train what data can support, and after it what went wrong.

    Each prints a verdict in one sentence, the figures with intervals, and what would change it.

    \b
    lvmctl diagnose split-parity
    lvmctl diagnose feasibility stores/books --profile p8
    lvmctl diagnose run runs/p7_a
    lvmctl diagnose all stores/books --out findings/
    """
