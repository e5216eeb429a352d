"""``lvmctl data show``."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from lvmctl.cli.complete import sources
from lvmctl.cli.output import emit, json_option, notice
from lvmctl.core.formatting import count, number, paragraph, table

if TYPE_CHECKING:
    from lvmctl.api.store import Store

LISTED = 20
"""Articles that are listed without ``--all``."""


@click.command()
@click.argument("source", required=False, shell_complete=sources)
@click.argument("article", required=False)
@click.option("--chunk", type=click.IntRange(0), metavar="N", help="This chunk alone, from 0.")
@click.option("--all", "every", is_flag=True, help="List all articles.")
@json_option
def show(
    source: str | None, article: str | None, chunk: int | None, every: bool, as_json: bool
) -> None:
    """List the articles of SOURCE, or print the texts of one.

    ARTICLE is its id, or its number in the list. Beside a chunk stands its
    cosine to the chunk before it.

    \b
    lvmctl data show stores/books
    lvmctl data show stores/books 12
    lvmctl data show stores/books 12 --chunk 30
    """
    from lvmctl.api.store import open_store

    store = open_store(source)
    for line in store.notices:
        notice(line)
    if article is None:
        pairs = zip(store.articles, store.lengths.tolist())
        rows = [
            {"number": number, "id": entry["id"], "title": entry.get("title")}
            | {"split": entry.get("split"), "chunks": length}
            for number, (entry, length) in enumerate(pairs)
        ]
        record = {"path": str(store.path), "articles": rows}
        emit(record, "data.show", as_json, lambda: listing(store, rows, every))
        return
    shown = store.article(article, chunk)
    emit(shown, "data.show", as_json, lambda: reading(shown))


def listing(store: Store, rows: list[dict[str, Any]], every: bool) -> str:
    """The articles as a table."""
    shown = rows if every else rows[:LISTED]
    header = ("number", "id", "title", "split", "chunks")
    cells = [tuple("" if row[key] is None else row[key] for key in header) for row in shown]
    what = f"{store.path}: {count(len(store), 'chunk')} in {count(len(rows), 'article')}"
    lines = [paragraph(what, "  ")]
    lines += ["", table(header, cells)]
    if len(shown) < len(rows):
        lines.append(f"… and {len(rows) - len(shown):,} more (--all)")
    return "\n".join(lines)


def reading(shown: dict[str, Any]) -> str:
    """One article's chunks with their texts."""
    split = f", {shown['split']}" if shown["split"] else ""
    what = f"{shown['title']} (id {shown['id']}{split}): {count(shown['length'], 'chunk')}"
    lines = [paragraph(what, "  ")]
    if all(chunk["text"] is None for chunk in shown["chunks"]):
        lines += ["(the store has no texts)", ""]
        cells = [(chunk["place"], number(chunk["cosine"])) for chunk in shown["chunks"]]
        return "\n".join([*lines, table(("chunk", "cos"), cells)])
    for chunk in shown["chunks"]:
        beside = "" if chunk["cosine"] is None else f"  cos {number(chunk['cosine'])}"
        lines += ["", f"{chunk['place']}{beside}", paragraph(chunk["text"])]
    return "\n".join(lines)
