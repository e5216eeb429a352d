"""``lvmctl data embed``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from lvmctl.cli.complete import records, sources
from lvmctl.cli.data.options import (
    force_option,
    out_option,
    path_type,
    rows_option,
    shares_option,
    show_written,
)
from lvmctl.cli.output import json_option
from lvmctl.cli.reporter import TerminalReporter
from lvmctl.config import parse_assignments


@click.command()
@click.argument("texts", nargs=-1, required=True, type=path_type)
@out_option
@click.option(
    "--encoder",
    default="core/lsa",
    shell_complete=records("encoder"),
    show_default=True,
    help="See plugins list.",
)
@click.option("--set", "assignments", multiple=True, metavar="KEY=VALUE", help="Encoder option.")
@click.option(
    "--encoder-from",
    type=path_type,
    shell_complete=sources,
    help="Use the encoder saved in this store.",
)
@click.option(
    "--chunk",
    type=click.Choice(["paragraph", "sentence", "tokens"]),
    default="paragraph",
    show_default=True,
    help="What a chunk is.",
)
@click.option("--size", type=click.IntRange(1), default=64, help="Words of a --chunk tokens.")
@click.option("--levels", metavar="LEVELS", help="Finer levels to add: sentence, tokens.")
@click.option("--min-words", type=click.IntRange(0), default=0, help="Drop shorter chunks.")
@click.option(
    "--dtype",
    type=click.Choice(["float32", "float16"]),
    default="float32",
    show_default=True,
    help="Of the stored vectors.",
)
@click.option("--half", "dtype", flag_value="float16", hidden=True)
@shares_option
@click.option("--skip-bad", is_flag=True, help="Leave out texts that cannot be used.")
@click.option("--keep-long", is_flag=True, help="Do not split what the encoder cannot read whole.")
@rows_option
@force_option
@json_option
def embed(
    texts: tuple[Path, ...],
    assignments: tuple[str, ...],
    levels: str | None,
    force: bool,
    as_json: bool,
    **how: Any,
) -> None:
    """Embed TEXTS: .txt, .md, .html, .epub, .pdf (an article each), .jsonl (one per line), folders.

    \b
    lvmctl data embed texts/ --out store/ --encoder lsa
    lvmctl data embed more.jsonl --out store2/ --encoder-from store/
    lvmctl data embed texts/ --out store/ --encoder minilm --set max_tokens=160
    """
    from lvmctl.api.embed import embed
    from lvmctl.api.levels import add_level, check_levels

    finer, options = check_levels(levels), parse_assignments(assignments)
    reporter = TerminalReporter()
    store = embed(texts, force=force, reporter=reporter, options=options, **how)
    for level in finer:
        add_level(store.path, level, force=force, reporter=reporter)
    show_written(store, "embed", as_json)
