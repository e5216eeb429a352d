"""``lvmctl eval``: how good a run is, beside baselines, ceilings and chance."""

from __future__ import annotations

import click

from lvmctl.cli.lazy import LazyCommand, LazyGroup

HOME = "lvmctl.cli.eval"
COMMANDS = {
    "5cat": LazyCommand(f"{HOME}.fivecat:fivecat", "Five tests and a profile's verdict."),
    "retrieval": LazyCommand(f"{HOME}.retrieval:retrieval", "Ranks of the true chunk."),
    "direction": LazyCommand(f"{HOME}.direction:direction", "Cosines and margins, by name."),
    "baselines": LazyCommand(f"{HOME}.baselines:baselines", "Baselines and oracles alone."),
    "compare": LazyCommand(f"{HOME}.compare:compare", "Runs side by side, with a verdict."),
    "report": LazyCommand(f"{HOME}.report:report", "One page with plots."),
}


@click.group("eval", cls=LazyGroup, lazy=COMMANDS)
def eval_() -> None:
    """Measure a run beside baselines, ceilings and chance.

    A RUN is a directory or a name in runs/; the latest when none is given. It is evaluated on its
    own validation split, or on --data.

    \b
    lvmctl eval 5cat
    lvmctl eval retrieval --data stores/books --pool global
    lvmctl eval baselines --data stores/books --train stores/essays --json
    lvmctl eval compare runs/p8_a runs/p8_b
    """
