"""``lvmctl train``."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import click

from lvmctl.batch import Step
from lvmctl.cli.output import emit, json_option, notice, table
from lvmctl.errors import UsageError

RETRIEVAL = """\
R@5 and MRR@10 rank the true chunk among all chunks of its article outside the window.
Compare them with `direct`, which retrieves with the last chunk itself.
"""
MARGIN = """\
margin[last] below 0 is what a correct model of text has; it does not mean "backward"."""


@click.command()
@click.option("--plugin", "recipe", metavar="RECIPE", help="Recipe to train, e.g. p8.")
@click.option("--experiment", metavar="NAME", help="Named configuration in experiments.toml.")
@click.option("--data", metavar="SOURCE", help="Store, NPZ or synth:NAME; its own splits are used.")
@click.option("--train", "train_", multiple=True, metavar="SOURCE", help="Training data; repeat.")
@click.option("--val", metavar="SOURCE", help="Validation data.")
@click.option("--ood", metavar="SOURCE", help="Data of another source.")
@click.option("--context", metavar="K", help="Chunks in a window.")
@click.option("--horizon", metavar="H", help="The target is the H-th unseen chunk.")
@click.option("--epochs", metavar="N", help="Passes over the training windows.")
@click.option("--seed", metavar="N", help="Seed of everything random.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Any other option.")
@click.option("--loss", "losses", multiple=True, metavar="NAME[:W]", help="Add or reweight a loss.")
@click.option(
    "--device", type=click.Choice(["auto", "cpu", "cuda", "mps"]), default="auto", show_default=True
)
@click.option("--out", type=click.Path(path_type=Path), help="Run directory  [default: runs/NAME].")
@click.option("--resume", type=click.Path(path_type=Path), metavar="RUN", help="Continue a run.")
@json_option
def train(
    recipe: str | None,
    experiment: str | None,
    data: str | None,
    train_: tuple[str, ...],
    val: str | None,
    ood: str | None,
    assignments: tuple[str, ...],
    losses: tuple[str, ...],
    device: str,
    out: Path | None,
    resume: Path | None,
    as_json: bool,
    **flags: str | None,
) -> None:
    """Train a recipe and say what it learned.

    With no data named, the embedded demonstration data is used.

    \b
    lvmctl train --plugin p8
    lvmctl train --plugin p8 --data stores/books --epochs 3 --set lr=1e-3 --seed 1
    lvmctl train --plugin p8 --train a/ --train b/ --val c/
    lvmctl train --experiment p8-pilot
    lvmctl train --plugin p8 --resume runs/p8_c5_m0.07_20251104_222516

    `lvmctl plugins describe RECIPE` lists every option that --set takes.
    """
    from lvmctl.config import parse_assignments

    typed = {key: value for key, value in flags.items() if value is not None}
    layers = [("command line", typed), ("--set", parse_assignments(assignments))]
    sources = {"data": data, "train": train_, "val": val, "ood": ood}
    # What a plugin prints is talk; stdout is for the result.
    with redirect_stdout(sys.stderr):
        if resume is not None:
            refuse(resume, {"--out": out, "--experiment": experiment, "--loss": losses})
            finished = continued(resume, layers, device, recipe, sources)
        else:
            finished = started(recipe, experiment, layers, losses, sources, device, out)
    result = {
        "run": str(finished.run.path),
        "recipe": finished.plan.recipe,
        "epochs": finished.result.epochs,
        "best": finished.result.best,
        "stopped": finished.result.stopped,
        "demonstration": finished.demonstration,
    }
    emit(result, "train", as_json, lambda: summary(finished))


def refuse(resume: Path, given: dict[str, Any]) -> None:
    """Refuse what a resumed run cannot take."""
    if refused := [name for name, value in given.items() if value]:
        raise UsageError(
            f"a resumed run keeps its recipe and its place, {', '.join(refused)} cannot change",
            where=f"--resume {resume}",
            mend="leave them out",
        )


def continued(resume, layers, device, recipe, sources):
    """Resume a run; sources name where its data is now."""
    from lvmctl.training import job
    from lvmctl.training.provenance import absolutes

    moved = absolutes(sources) if any(sources.values()) else None
    return job.resume(resume, layers, device, Terminal(), recipe, moved)


def started(recipe, experiment, layers, losses, sources, device, out):
    """Start a run of a recipe, or of an experiment with what is typed laid over it."""
    from lvmctl.config import load_experiments
    from lvmctl.training import job
    from lvmctl.training.provenance import absolutes

    if experiment is not None:
        named = load_experiments().get(experiment)
        if recipe not in (None, named.recipe):
            raise UsageError(
                f"experiment {experiment} trains {named.recipe}, --plugin says {recipe}",
                mend="leave --plugin out",
            )
        recipe, layers, losses = named.recipe, [*named.layers, *layers], (*named.losses, *losses)
        own = {"data": named.data, "train": named.train, "val": named.val, "ood": named.ood}
        if sources["data"] or sources["train"]:
            own = dict.fromkeys(own)  # other training data: nothing of the experiment's is kept
        sources = {name: value or own[name] for name, value in sources.items()}
    elif recipe is None:
        raise UsageError(
            "what should be trained?", mend="give --plugin RECIPE or --experiment NAME"
        )
    request = job.Request(
        recipe=recipe,
        layers=layers,
        losses=losses,
        sources=absolutes(sources),
        device=device,
        out=out,
        experiment=experiment,
    )
    return job.start(request, Terminal())


class Terminal:
    """Progress on stderr: a bar on a terminal, one line per epoch everywhere."""

    every = 0

    def steps(self, steps: range, epoch: int, epochs: int) -> Iterator[int]:
        if not sys.stderr.isatty():
            yield from steps
            return
        from tqdm import tqdm

        label = f"epoch {epoch}/{epochs}"
        yield from tqdm(
            steps, desc=label, initial=steps.start, total=steps.stop, unit="step", leave=False
        )

    def epoch(self, record: dict[str, Any], epochs: int, windows_per_s: float) -> None:
        train = record["train"]
        parts = [f"epoch {record['epoch']}/{epochs}", f"loss {train['loss']:.4f}"]
        if "skipped_steps" in train:
            parts.append(f"skipped {train['skipped_steps']} non-finite steps")
        if val := record.get("val"):
            parts.append(f"val loss {val['loss']:.4f} cos_next {val['cos_next']:.4f}")
            parts += [f"margin[{p}] {value:+.3f}" for p, value in val["margin"].items()]
            if "r@5" in val:
                parts.append(f"R@5 {val['r@5']:.3f} (direct {val['direct']['r@5']:.3f})")
        parts.append(f"{windows_per_s:,.0f} windows/s")
        notice("  ".join(parts))

    def values(self, step: Step, values: dict[str, float]) -> None:
        shown = "  ".join(f"{name} {value:.5g}" for name, value in values.items())
        notice(f"epoch {step.epoch} step {step.index + 1}/{step.steps_per_epoch}  {shown}")

    def say(self, message: str) -> None:
        notice(message)


def summary(finished: Any) -> str:
    """What was learned, beside ``direct`` on the same windows."""
    best, plan = finished.result.best, finished.plan
    lines = []
    if finished.result.stopped:
        lines.append(f"stopped after epoch {finished.result.epochs}: {finished.result.stopped}")
    rows = list(summary_rows(best["val"]))
    lines.append(
        f"{plan.recipe}, epoch {best['epoch']} (best by {best['by']}), on "
        f"{best['val']['windows']:,} validation windows"
    )
    lines += ["", table(["", plan.recipe, "direct", "chance"], rows), ""]
    lines.append(RETRIEVAL + MARGIN if "r@5" in best["val"] else MARGIN)
    if finished.demonstration:
        lines.append(f"Data: {finished.demonstration}")
    lines.append(f"run: {finished.run.path}")
    return "\n".join(lines)


def summary_rows(val: dict[str, Any]) -> Iterable[tuple[str, str, str, str]]:
    """Rows of the final table: name, model, direct, chance."""
    direct = val["direct"]

    def row(name: str, ours: float, other: float | None = None, chance: float | None = None):
        return name, *("" if x is None else f"{x:.4f}" for x in (ours, other, chance))

    yield row("cos_next", val["cos_next"], direct["cos_next"])
    for previous, margin in val["margin"].items():
        yield row(f"margin[{previous}]", margin, direct["margin"][previous])
    if "r@5" in val:
        yield row("R@5 in article", val["r@5"], direct["r@5"], val["chance_r@5"])
        yield row("MRR@10 in article", val["mrr@10"], direct["mrr@10"])
    if "order_accuracy" in val:
        yield row("order accuracy", val["order_accuracy"], None, 0.5)
    if "alpha_entropy" in val:
        yield row("α entropy (nats)", val["alpha_entropy"])
