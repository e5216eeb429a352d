"""``lvmctl data info``."""

from __future__ import annotations

from typing import Any

import click

from lvmctl.cli.complete import sources
from lvmctl.cli.data.options import context_option, horizon_option
from lvmctl.cli.output import emit, json_option, notice
from lvmctl.core.formatting import count, number, paragraph, table


@click.command()
@click.argument("source", required=False, shell_complete=sources)
@context_option
@horizon_option
@json_option
def info(source: str | None, context: int, horizon: int, as_json: bool) -> None:
    """Show what SOURCE holds: sizes, encoder, windows per split. Without it, the default data.

    \b
    lvmctl data info store/
    lvmctl data info store@val --context 7 --horizon 2 --json
    """
    from lvmctl.api.store import open_store

    record = open_store(source).describe(context, horizon)
    for line in record["notices"]:
        notice(line)
    emit(record, "data.info", as_json, lambda: text(record))


def text(record: dict[str, Any]) -> str:
    """What a store holds, for a reader."""
    encoder = record["encoder"] or {"name": "unknown"}
    name = encoder.get("name", "unknown") if isinstance(encoder, dict) else encoder
    texts = "with texts" if record["texts"] else "without texts"
    header = ("split", "articles", "chunks", "windows", "chunks/article", "neighbour cosine")
    rows = [
        (
            part["split"] or "(none)",
            *(f"{part[what]:,}" for what in ("articles", "chunks", "windows")),
            f"{part['shortest']:,}…{part['median']:,g}…{part['longest']:,}",
            number(part["neighbour_cosine"]),
        )
        for part in record["splits"]
    ]
    lines = [
        paragraph(
            f"{record['path']}: {count(record['articles'], 'article')}, "
            f"{count(record['chunks'], 'chunk')} of "
            f"{count(record['dim'], 'dimension')} ({record['dtype']}, {texts})",
            "  ",
        ),
        f"encoder {name}, {record['content_hash'][:19]}…",
        f"windows of K = {count(record['context'], 'chunk')}, horizon {record['horizon']}:",
        table(header, rows),
    ]
    return "\n".join(lines)
