"""The ``data`` commands that look at a store or change it: split, subset, info, export."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lvmctl.cli.data.make import force_option, path_type, report, span_type
from lvmctl.cli.output import emit, json_option, notice, table
from lvmctl.cli.reporter import Terminal
from lvmctl.core.errors import UsageError

context_option = click.option(
    "--context", type=span_type, default=5, show_default=True, help="K, chunks in a window."
)
horizon_option = click.option(
    "--horizon", type=span_type, default=1, show_default=True, help="h, chunks ahead."
)
seed_option = click.option(
    "--seed",
    type=click.IntRange(0),
    default=0,
    show_default=True,
    help="Of the choice of articles.",
)


@click.command()
@click.argument("store", type=path_type)
@click.option(
    "--by",
    type=click.Choice(["article"]),
    default="article",
    show_default=True,
    help="What is assigned whole.",
)
@click.option("--val", type=float, default=0.1, show_default=True, help="Share of the articles.")
@click.option("--ood", type=float, default=0.1, show_default=True, help="Share of the articles.")
@click.option("--stratify", metavar="FIELD", help="Split each value of this article field apart.")
@seed_option
@click.option("--force", is_flag=True, help="Replace the splits it has.")
@json_option
def split(
    store: Path,
    by: str,
    val: float,
    ood: float,
    stratify: str | None,
    seed: int,
    force: bool,
    as_json: bool,
) -> None:
    """Assign the articles of STORE to train, val and ood.

    \b
    lvmctl data split store/ --by article
    lvmctl data split store/ --val 0.05 --ood 0 --stratify corpus
    """
    from lvmctl.data.store.copying import write_splits
    from lvmctl.data.store.store import Store

    counts = write_splits(Store.open(store), seed, val, ood, stratify, force)
    shown = ", ".join(f"{name} {count}" for name, count in counts.items())
    result = {"path": str(store), "by": by, "seed": seed, "articles": counts}
    emit(result, "data.split", as_json, f"{store}: {shown} articles")


@click.command()
@click.argument("source")
@click.option("--windows", type=click.IntRange(1), required=True, help="Windows to reach.")
@context_option
@horizon_option
@seed_option
@click.option("--out", type=path_type, help="The store to write.  [default: SOURCE-N]")
@force_option
@json_option
def subset(
    source: str,
    windows: int,
    context: int,
    horizon: int,
    seed: int,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Take whole articles of SOURCE, in a seeded order, until they hold N windows.

    \b
    lvmctl data subset store/ --windows 10000
    lvmctl data subset store@train --windows 2000 --out small/
    """
    from lvmctl.data.splits.open import require_articles
    from lvmctl.data.splits.sources import PREFIX, Source
    from lvmctl.data.splits.split import Split
    from lvmctl.data.store.copying import chosen_articles, copy_articles
    from lvmctl.data.store.writer import write_store
    from lvmctl.data.windows import Windows

    parsed = Source.parse(source)
    if out is None and parsed.text.startswith(PREFIX):
        raise UsageError("a synthetic world has no place of its own", mend="name one with --out")
    store = parsed.open()
    whole = require_articles(Split.of(store, parsed.split), store)
    chosen = whole.subset(windows, context, horizon, seed)
    found = len(Windows(chosen, context, horizon))
    out = out or _beside(store.path, f"-{windows}")
    notices = [f"{whole.name} has only {found} windows"] if found < windows else []
    with write_store(out, store.dim, store.vectors.dtype, force=force) as writer:
        copy_articles(writer, store, chosen_articles(store, chosen.starts))
        writer.manifest["subset"] = {
            **chosen.source["subset"],
            "of": source,
            "content_hash": store.content_hash,
        }
    report(out, "subset", as_json, notices)


@click.command()
@click.argument("source", required=False)
@context_option
@horizon_option
@json_option
def info(source: str | None, context: int, horizon: int, as_json: bool) -> None:
    """Say what SOURCE holds: sizes, encoder, windows per split. Without it, the default data.

    \b
    lvmctl data info store/
    lvmctl data info store@val --context 7 --horizon 2 --json
    """
    from lvmctl.data.splits.open import open_source
    from lvmctl.data.store.info import describe_store

    store, split = open_source(source)
    found = describe_store(store, context, horizon, split)
    for line in found["notices"]:
        notice(line)
    emit(found, "data.info", as_json, lambda: _info_text(found))


@click.command()
@click.argument("store", type=path_type)
@click.option(
    "--format",
    "format_",
    type=click.Choice(["npz"]),
    default="npz",
    show_default=True,
    help="The seed format.",
)
@context_option
@horizon_option
@click.option("--out", type=path_type, help="The folder to write.  [default: STORE-npz]")
@force_option
@json_option
def export(
    store: Path,
    format_: str,
    context: int,
    horizon: int,
    out: Path | None,
    force: bool,
    as_json: bool,
) -> None:
    """Export STORE as seed-format NPZ files, one per split.

    \b
    lvmctl data export store/ --format npz --context 5
    """
    from lvmctl.data.npz.export import export_npz
    from lvmctl.data.store.store import Store

    opened = Store.open(store)
    out = out or _beside(opened.path, "-npz")
    written = export_npz(opened, out, context, horizon, force, Terminal())
    result = {"path": str(out), "format": format_, "context": context, "horizon": horizon}
    lines = [f"{out / file}: {count} windows" for file, count in written.items()]
    emit({**result, "files": written}, "data.export", as_json, "\n".join(lines))


def _beside(source: Path, suffix: str) -> Path:
    """The default output of a command that reads ``source``: its name and a suffix, beside it."""
    named = source if source.name not in ("", "..") else source.resolve()
    return named.with_name(named.name.removesuffix(".npz") + suffix)


def _info_text(found: dict[str, Any]) -> str:
    encoder = found["encoder"] or {"name": "unknown"}
    name = encoder.get("name", "unknown") if isinstance(encoder, dict) else encoder
    texts = "with texts" if found["texts"] else "without texts"
    header = ("split", "articles", "chunks", "windows", "chunks/article", "neighbour cosine")
    rows = [
        (
            part["split"] or "(none)",
            part["articles"],
            part["chunks"],
            part["windows"],
            f"{part['shortest']}…{part['median']:g}…{part['longest']}",
            part["neighbour_cosine"],
        )
        for part in found["splits"]
    ]
    lines = [
        f"{found['path']}: {found['articles']} articles, {found['chunks']} chunks of "
        f"{found['dim']} dimensions ({found['dtype']}, {texts})",
        f"encoder {name}, {found['content_hash'][:19]}…",
        f"windows of K = {found['context']} chunks, horizon {found['horizon']}:",
        table(header, rows),
    ]
    return "\n".join(lines)
