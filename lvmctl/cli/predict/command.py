"""``lvmctl predict``."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.choose_run import chosen_run
from lvmctl.cli.complete import SOURCE, records, run_names
from lvmctl.cli.output import emit, json_option, notice
from lvmctl.cli.predict.formats import FORMATS
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.config import parse_assignments
from lvmctl.core.errors import UsageError
from lvmctl.core.formatting import count

if TYPE_CHECKING:
    from lvmctl.api.predicting import Predicted

STDIN = "-"
PADDED = "the context is {} short of what the run reads: its oldest chunk is repeated in front"
MORE = 8
"""How many times as many candidates are asked for where texts stand in several places."""

path_type = click.Path(path_type=Path)


@click.command()
@click.argument("run", required=False, shell_complete=run_names)
@click.option("--context", metavar="FILE", help="Text that was read, or JSON lines; - is stdin.")
@click.option("--query", metavar="TEXT", help="The same, typed.")
@click.option(
    "--candidates",
    type=path_type,
    metavar="FILE",
    help="What may come next: text, JSON lines, .npy.",
)
@click.option(
    "--store",
    help="Where windows and candidates are from.  [default: what it was trained on]",
    **SOURCE,
)
@click.option("--article", metavar="ID", help="An article of the store, by id or number.")
@click.option(
    "--at", type=click.IntRange(0), metavar="N", help="The chunk of it to predict, from 0."
)
@click.option(
    "--vectors", type=path_type, metavar="FILE", help="Contexts as vectors: .npy, (B, K, D)."
)
@click.option(
    "--pool",
    type=click.Choice(["article", "global"]),
    help="Which chunks are candidates.  [default: article for windows]",
)
@click.option(
    "--top", type=click.IntRange(1), default=10, show_default=True, help="Candidates shown."
)
@click.option(
    "--decode",
    metavar="NAME",
    shell_complete=records("decoder"),
    help="Say predictions in words: nearest, or a plugin's decoder.",
)
@click.option("--steps", type=click.IntRange(0), help="Steps of the decoder.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Decoder option.")
@click.option(
    "--format", "form", type=click.Choice(FORMATS), help="Print or write this in place of text."
)
@click.option(
    "--out",
    type=path_type,
    metavar="FILE",
    help="Write it there; of --vectors the predictions, .npy.",
)
@click.option(
    "--qrels",
    type=path_type,
    metavar="FILE",
    help="With --format trec: write what came next there.",
)
@click.option("--force", is_flag=True, help="Replace --out and --qrels if they exist.")
@click.option("--full", is_flag=True, help="Whole texts, and all predictions.")
@json_option
def predict(
    run: str | None,
    context: str | None,
    query: str | None,
    vectors: Path | None,
    top: int,
    decode: str | None,
    steps: int | None,
    assignments: tuple[str, ...],
    form: str | None,
    out: Path | None,
    qrels: Path | None,
    force: bool,
    full: bool,
    as_json: bool,
    **among: Any,
) -> None:
    """Ask RUN what comes next after a text, a window of a store, or vectors.

    A text is cut into chunks and encoded as the store was. Without
    --candidates the chunks of the store are ranked: those of the article for
    its windows, all of them for a text. A store alone stands for all its windows.

    \b
    lvmctl predict --context before.txt --candidates candidates.jsonl --top 5
    lvmctl predict RUN --store books --article 12 --at 30
    lvmctl predict RUN --store books --query "It was late." --pool global --json
    lvmctl predict RUN --store books@val --format trec --out p8.run
    lvmctl predict RUN --vectors context.npy --out q.npy
    lvmctl predict RUN --query "It was late." --decode nearest
    """
    questions = {"--context": context, "--query": query, "--vectors": vectors}
    typed = [name for name, value in questions.items() if value is not None]
    named = any(among[name] for name in ("candidates", "store", "article", "pool"))
    ranked = named or decode or form or as_json
    plain = vectors is not None and not ranked  # vectors in, vectors out
    refuse_typed(typed, plain, form, out, qrels, as_json, decode, steps, assignments)
    if not (typed or among["store"] or among["article"]):
        hint = "add --context, --query, --vectors, --article or --store"
        raise UsageError("there is no question", where="predict", hint=hint)
    path = chosen_run(run)
    if vectors is not None and plain:
        write_vectors(path, vectors, out, force)
        return
    from lvmctl.api.load import load
    from lvmctl.api.predicting import predict as ask

    options = parse_assignments(assignments) | ({} if steps is None else {"steps": steps})
    model, question, reporter = load(path), asked(context, query, vectors), TerminalReporter()

    def answers(top: int, decode: str | None = None) -> Iterable[Predicted]:
        words = {"decode": decode, "decoder_options": options if decode else None}
        return ask(model, question, top=top, reporter=reporter, **words, **among)

    if form is not None:
        from lvmctl.cli.predict.formats import write

        write(answers(top, decode), form, out, qrels, force)
        return
    shown = list(answers(top if as_json else top + 1, decode))
    if len(shown) == 1 and not as_json:
        shown = [with_places(shown[0], top, answers)]
    show(path, shown, top, full, as_json)


def refuse_typed(
    typed: list[str],
    plain: bool,
    form: str | None,
    out: Path | None,
    qrels: Path | None,
    as_json: bool,
    decode: str | None,
    steps: int | None,
    assignments: tuple[str, ...],
) -> None:
    """Refuse options that do not go together."""
    hint = "leave one out"
    if len(typed) > 1:
        raise UsageError("are different questions", where=" and ".join(typed), hint=hint)
    if as_json and form:
        raise UsageError("are two forms of one result", where="--json and --format", hint=hint)
    if out is not None and form is None and not plain:
        hint = f"add --format {', '.join(FORMATS)}"
        raise UsageError("needs a format", where="--out", hint=hint)
    if qrels is not None and form != "trec":
        raise UsageError("goes with --format trec", where="--qrels", hint=hint)
    if decode is None and (assignments or steps is not None):
        raise UsageError("are options of a decoder", where="--set and --steps", hint="add --decode")


def asked(context: str | None, query: str | None, vectors: Path | None) -> Any:
    """The context as the door takes it: a text, the path of one, or vectors."""
    if context == STDIN:
        return sys.stdin.read()
    if context is not None:
        return Path(context)
    if vectors is not None:
        from lvmctl.data.store.arrays import open_npy

        return open_npy(vectors)
    return query


def write_vectors(path: str, vectors: Path, out: Path | None, force: bool) -> None:
    """Predict for a file of vectors into another."""
    from lvmctl.api.predict_file import predict_file

    if out is None:
        hint = "add --out q.npy, or candidates: --candidates, --store"
        raise UsageError("are predicted into a file", where="--vectors", hint=hint)
    written = predict_file(path, vectors, out, force=force)
    if written.padded:
        notice(PADDED.format(count(written.padded, "chunk")))
    click.echo(f"{written.path}: {count(written.contexts, 'prediction')} of {written.dim} numbers")


def with_places(one: Predicted, top: int, ask: Callable[[int], Iterable[Predicted]]) -> Predicted:
    """A prediction with all places of its ``top`` best texts: ``ask`` gives it with more candidates
    until they are there."""
    from lvmctl.cli.predict.rendering import has_places

    wider, decoded = top, one.decoded
    while not has_places(one, top):
        wider *= MORE
        (one,) = ask(wider)
    return replace(one, decoded=decoded)


def show(path: str, answers: Iterable[Predicted], top: int, full: bool, as_json: bool) -> None:
    """Print predictions as text or JSON."""
    from lvmctl.cli.predict.rendering import Summary, rendered

    summary = Summary(answers, full or as_json)
    for one in summary.answers[:1]:
        if one.padded:
            notice(PADDED.format(count(one.padded, "chunk")))
    predictions = [one.to_dict() for one in summary.answers]
    record = {"run": path, **summary.metrics, "predictions": predictions}
    emit(record, "predict", as_json, lambda: rendered(summary, top, full))
