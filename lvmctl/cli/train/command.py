"""``lvmctl train``: one run, or a sweep of them."""

from __future__ import annotations

import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl import processes
from lvmctl.cli.complete import SOURCE, experiment_names, records, resumable_names
from lvmctl.cli.output import emit, json_option
from lvmctl.cli.reporter import VERBOSE, TerminalReporter
from lvmctl.cli.train.request import FLAGS, CommandLine
from lvmctl.cli.train.sweep import resume_sweep, train_sweep
from lvmctl.cli.typos import TrainCommand, check_sources
from lvmctl.core.errors import UsageError
from lvmctl.core.runs import find_run, is_sweep
from lvmctl.plan import make_plan
from lvmctl.registry import load_registry

if TYPE_CHECKING:
    from lvmctl.api.run import Run


@click.command(cls=TrainCommand)
@click.option(
    "--plugin",
    "recipe",
    metavar="RECIPE",
    shell_complete=records("recipe"),
    help="Recipe to train, e.g. p8.",
)
@click.option(
    "--experiment",
    "experiments",
    multiple=True,
    metavar="NAME",
    shell_complete=experiment_names,
    help="Configuration in experiments.toml; repeat it or give a pattern for a sweep.",
)
@click.option("--data", help="Store, NPZ or synth:NAME; its own splits are used.", **SOURCE)
@click.option("--train", "train_", multiple=True, help="Training data; repeat.", **SOURCE)
@click.option("--val", help="Validation data.", **SOURCE)
@click.option("--ood", help="Data of another source.", **SOURCE)
@click.option("--level", metavar="NAME", help="Level of the stores, e.g. sentence.")
@click.option("--context", metavar="K", help="Chunks in a window.")
@click.option("--horizon", metavar="H", help="The target is the H-th unseen chunk.")
@click.option("--epochs", metavar="N", help="Passes over the training windows.")
@click.option("--seed", metavar="N", help="Seed; 0,1,2 or 0-2 trains a run for each.")
@click.option(
    "--model",
    metavar="NAME",
    shell_complete=records("model"),
    help="Another model than the recipe's.",
)
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Any other option.")
@click.option(
    "--loss",
    "losses",
    multiple=True,
    metavar="NAME[:W]",
    shell_complete=records("loss"),
    help="Add or reweight a loss, also FILE.py:CLASS.",
)
@click.option(
    "--device",
    type=click.Choice(["auto", "cpu", "cuda", "mps"]),
    default="auto",
    show_default=True,
    help="Where to compute; auto takes a GPU where there is one.",
)
@click.option("--out", type=click.Path(path_type=Path), help="Run directory  [default: runs/NAME].")
@click.option(
    "--resume",
    "resumed",
    metavar="RUN",
    shell_complete=resumable_names,
    help="Continue a run or sweep.",
)
@click.option("--jobs", type=click.IntRange(1), metavar="N", help="Trials of a sweep at a time.")
@click.option(
    "--print-commands", is_flag=True, help="Print a sweep's trials as commands, one a line."
)
@click.option("-v", "--verbose", is_flag=True, help=f"Show what is measured every {VERBOSE} steps.")
@click.option("--full", is_flag=True, help="Show every metric at the end.")
@json_option
def train(
    data: str | None,
    train_: tuple[str, ...],
    val: str | None,
    ood: str | None,
    out: Path | None,
    resumed: str | None,
    jobs: int | None,
    print_commands: bool,
    verbose: bool,
    full: bool,
    as_json: bool,
    **words: Any,
) -> None:
    """Train a recipe and show its metrics beside the baseline.

    With no data named, the embedded demonstration data is used.

    \b
    lvmctl train --plugin p8
    lvmctl train --plugin p8 --data stores/books --epochs 3 --set lr=1e-3 --seed 1
    lvmctl train --plugin p8 --train a/ --train b/ --val c/
    lvmctl train --plugin p8 --model free --loss ./my_loss.py:MyLoss:0.5
    lvmctl train --experiment p8-pilot
    lvmctl train --plugin p8 --resume runs/p8_c5_m0.07_20251104_222516

    A pattern, several experiments or several seeds are a sweep: its trials are trained one after
    another, or --jobs at a time, into one directory, and compared. Repeat the command to continue.

    \b
    lvmctl train --experiment 'p7-*' --jobs 4
    lvmctl train --plugin p8 --seed 0-2
    lvmctl train --experiment 'p7-*' --print-commands | parallel -j 4

    Processes that torchrun starts share the training of one run.

    \b
    torchrun --nproc-per-node 2 -m lvmctl train --plugin p8

    `lvmctl plugins describe RECIPE` lists every option that --set takes.
    """
    flags = {name: value for name in FLAGS if (value := words.pop(name)) is not None}
    sources = {"data": data, "train": train_, "val": val, "ood": ood}
    typed = CommandLine(flags=flags, sources=sources, **words)
    # What a plugin prints is a message; stdout is for the result.
    with redirect_stdout(sys.stderr):
        resume, error = None if resumed is None else find_run(resumed, sweeps=True), None
        if resume is not None:
            kept = {"--out": out, "--experiment": typed.experiments, "--loss": typed.losses}
            refuse(resume, kept)
            refuse(resume, {"--level": typed.level}, "level")
        if not (typed.is_sweep if resume is None else is_sweep(resume)):
            refuse_for_one_run({"--jobs": jobs, "--print-commands": print_commands})
            run = train_one(typed, out, resume, TerminalReporter(VERBOSE if verbose else 0))
            result: Any = run.to_dict(), "train", lambda: run.table(full)
        else:
            refuse_for_a_sweep(jobs, print_commands)
            if resume is not None:
                options: dict[str, Any] = {"--plugin": typed.recipe}
                options |= {"options": typed.flags or typed.assignments}
                options |= {"sources": any(sources.values()), "--device": typed.device != "auto"}
                refuse(resume, options, "trials")
            if print_commands:
                from lvmctl.cli.train.commands import sweep_commands

                printed = sweep_commands(typed, out, resume)
                result = printed, "train.commands", "\n".join(printed["commands"])
            else:
                if resume is None:
                    sweep = train_sweep(typed, out, jobs, verbose)
                else:
                    sweep = resume_sweep(resume, jobs, verbose)
                result, error = (sweep.as_json(), "train.grid", sweep.as_text), sweep.error()
    obj, schema, text = result
    emit(obj, schema, as_json, text)
    if error is not None:
        raise error


def train_one(
    typed: CommandLine, out: Path | None, resume: Path | None, reporter: TerminalReporter
) -> Run:
    """Start a run, or resume one, whose sources name where its data is now."""
    if resume is not None:
        from lvmctl.api.training import resume_run

        return resume_run(resume, typed.layers, typed.sources, typed.device, reporter, typed.recipe)
    request = typed.request(typed.experiment(), out)
    make_plan(load_registry(), request.recipe, request.layers, request.losses)
    check_sources(request.sources.values())
    from lvmctl.api.run import Run
    from lvmctl.training import job

    return Run(job.start(request, reporter).path)


def refuse_for_one_run(options: dict[str, Any]) -> None:
    """Refuse what only a sweep can take."""
    if refused := [name for name, value in options.items() if value]:
        raise UsageError(
            "this is one run and no sweep",
            where=refused[0],
            hint="leave it out, or give several seeds (--seed 0-2) or experiments",
        )


def refuse_for_a_sweep(jobs: int | None, print_commands: bool) -> None:
    """Refuse processes that would all train the same trials, and what cannot be meant at once."""
    if processes.size() > 1:
        raise UsageError(
            "a sweep is not shared by processes",
            where="torchrun",
            hint="type it without, or let --print-commands give each trial's command",
        )
    if jobs is not None and print_commands:
        raise UsageError("nothing is trained", where="--print-commands", hint="leave out --jobs")


def refuse(resume: Path, options: dict[str, Any], what: str = "recipe and directory") -> None:
    """Refuse what a resumed run cannot take."""
    if refused := [name for name, value in options.items() if value]:
        raise UsageError(
            f"a resumed run keeps its {what}, {', '.join(refused)} cannot change",
            where=f"--resume {resume}",
            hint="leave them out",
        )
