"""The ``data`` commands that make a store: import, embed, synth."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.output import emit, json_option, notice
from lvmctl.cli.reporter import Terminal
from lvmctl.core.errors import UsageError

if TYPE_CHECKING:
    from lvmctl.data.text.embed import Encoder


class FilePath(click.Path):
    """A path; an empty one, which would mean the current directory, is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Any:
        if value == "":
            self.fail("the path is empty", param, ctx)
        return super().convert(value, param, ctx)


path_type = FilePath(path_type=Path)
span_type = click.IntRange(1, 1_000_000)
"""Chunks that K or h may be."""
out_option = click.option("--out", type=path_type, required=True, help="The store to write.")
force_option = click.option("--force", is_flag=True, help="Replace --out if it exists.")


def report(out: Path, command: str, as_json: bool, notices: list[str]) -> None:
    """Print what was made."""
    from lvmctl.data.store.info import describe_store
    from lvmctl.data.store.store import Store

    store = Store.open(out)
    result = describe_store(store)
    result["notices"] = [*notices, *result["notices"]]
    for line in result["notices"]:
        notice(line)
    splits = ", ".join(f"{part['split']} {part['articles']}" for part in result["splits"])
    text = (
        f"{out}: {result['chunks']} chunks of {result['dim']} dimensions in "
        f"{result['articles']} articles" + (f" ({splits})" if result["splits"][0]["split"] else "")
    )
    emit(result, f"data.{command}", as_json, text)


@click.command("import")
@click.argument("files", nargs=-1, required=True, type=path_type)
@out_option
@click.option("--horizon", type=span_type, help="h of the windows; default p6_offset + 1, else 1.")
@click.option(
    "--articles-npz", type=path_type, help="Chunk bank with the articles of windows that carry ids."
)
@click.option("--apart", is_flag=True, help="Keep every window an article of its own.")
@click.option("--trust-pickle", is_flag=True, help="Unpickle metadata: can run code in the file.")
@force_option
@json_option
def import_(
    files: tuple[Path, ...],
    out: Path,
    horizon: int | None,
    articles_npz: Path | None,
    apart: bool,
    trust_pickle: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Import seed-format NPZ FILES, one split each (named by the files, else train, val, ood).

    Overlapping windows with article_ids and target_indices become articles again.

    \b
    lvmctl data import train.npz val.npz --out store/
    lvmctl data import p6_train.npz p6_val.npz --horizon 2 --out store/
    """
    from lvmctl.data.npz.importing import write_npz
    from lvmctl.data.store.writer import write_store

    notices = write_npz(
        lambda dim, dtype: write_store(out, dim, dtype, force=force),
        files,
        name_splits=True,
        horizon=horizon,
        bank=articles_npz,
        trust_pickle=trust_pickle,
        apart=apart,
        reporter=Terminal(),
    )
    report(out, "import", as_json, notices)


@click.command()
@click.argument("texts", nargs=-1, required=True, type=path_type)
@out_option
@click.option("--encoder", default="core/lsa", show_default=True, help="See plugins list.")
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Encoder option.")
@click.option("--encoder-from", type=path_type, help="Use the encoder saved in this store.")
@click.option(
    "--chunk",
    type=click.Choice(["paragraph", "sentence", "tokens"]),
    default="paragraph",
    show_default=True,
    help="What a chunk is.",
)
@click.option("--size", type=click.IntRange(1), default=64, help="Words of a --chunk tokens.")
@click.option("--min-words", type=click.IntRange(0), default=0, help="Drop shorter chunks.")
@click.option("--half", is_flag=True, help="Store float16 instead of float32.")
@force_option
@json_option
def embed(
    texts: tuple[Path, ...],
    out: Path,
    encoder: str,
    assignments: tuple[str, ...],
    encoder_from: Path | None,
    chunk: str,
    size: int,
    min_words: int,
    half: bool,
    force: bool,
    as_json: bool,
) -> None:
    """Embed TEXTS: .txt and .md files (one article each), .jsonl (one per line) or folders.

    \b
    lvmctl data embed texts/ --out store/ --encoder lsa
    lvmctl data embed more.jsonl --out store2/ --encoder-from store/
    lvmctl data embed texts/ --out store/ --encoder sentence-transformers --set batch_size=64
    """
    from lvmctl.data.store.writer import made, refuse_store, write_store
    from lvmctl.data.text.chunking import chunker, read_texts
    from lvmctl.data.text.embed import cut, fit_encoder
    from lvmctl.data.text.embed import embed as embed_articles

    refuse_store(out, force)
    articles = cut(read_texts(texts), chunker(chunk, size), min_words)
    named, built, fitted_on = _encoder(encoder, assignments, encoder_from)
    if fitted_on is None:
        fitted_on = fit_encoder(built, articles)
    how = made(
        "embed",
        texts=[str(path) for path in texts],
        chunk=chunk,
        **({"size": size} if chunk == "tokens" else {}),
        min_words=min_words,
        encoder=named,
        encoder_fitted_on=fitted_on,
    )
    embed_articles(
        lambda dim, dtype: write_store(out, dim, dtype, force=force),
        articles,
        built,
        {"made": how},
        "float16" if half else "float32",
        Terminal(),
    )
    report(out, "embed", as_json, [])


def _encoder(
    name: str, assignments: tuple[str, ...], saved: Path | None
) -> tuple[str, Encoder, str | None]:
    """The name that finds the encoder again, the encoder, and what it was fitted on if it need not
    be fitted any more."""
    from lvmctl.config import parse_assignments
    from lvmctl.data.text.encoders.build import build_encoder, saved_encoder

    if saved is None:
        entry, encoder = build_encoder(name, [("--set", parse_assignments(assignments))])
        return entry.saved, encoder, None if entry.record.fitted else "nothing"
    if assignments:
        raise UsageError("--set cannot change a saved encoder", mend="leave out --set")
    entry, encoder = saved_encoder(saved)
    return entry.saved, encoder, str(saved)


@click.command()
@click.argument("world")
@out_option
@click.option("--articles", type=int, help="Articles.  [default: 400]")
@click.option("--chunks", type=int, help="Chunks in each article.  [default: 40]")
@click.option("--dim", type=int, help="D.  [default: 64]")
@click.option("--a", type=float, help="Correlation of neighbours.  [default: 0.9]")
@click.option("--theta", type=float, help="rotation: degrees in every plane.  [default: 40]")
@click.option("--f", type=float, help="topic: share of the article's direction.  [default: 0.3]")
@click.option("--seed", type=int, help="Seed of everything random.  [default: 0]")
@click.option("--store", help="shuffled, reversed: the store to reorder.")
@force_option
@json_option
def synth(world: str, out: Path, force: bool, as_json: bool, **values: Any) -> None:
    """Make a synthetic WORLD: ar1, rotation, topic or iid; or reorder a store inside its articles:
    shuffled, reversed.

    \b
    lvmctl data synth rotation --articles 400 --dim 768 --out store/
    lvmctl data synth reversed --store books/ --out books-reversed/
    """
    from urllib.parse import urlencode

    from lvmctl.data.splits.sources import PREFIX, write_synth
    from lvmctl.data.store.writer import write_store

    given = {key: value for key, value in values.items() if value is not None}
    write_synth(
        lambda dim, dtype: write_store(out, dim, dtype, force=force),
        f"{PREFIX}{world}?{urlencode(given)}",
    )
    report(out, "synth", as_json, [])
