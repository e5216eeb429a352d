"""``lvmctl serve``."""

from __future__ import annotations

import click

COUNT = click.IntRange(min=1)


@click.command()
@click.argument("runs", nargs=-1, metavar="[RUN]...")
@click.option("--store", help="Chunks to rank and decode by.  [default: the training data]")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=9007,
    show_default=True,
    help="Port to listen on; 0 is any free one.",
)
@click.option(
    "--token",
    envvar="LVMCTL_SERVE_TOKEN",
    help="What requests must carry as Authorization: Bearer TOKEN; better set as "
    "LVMCTL_SERVE_TOKEN, where other users do not see it.",
)
@click.option("--decoder", default="nearest", show_default=True, help="Says vectors in words.")
@click.option(
    "--index",
    type=click.Choice(["exact", "usearch", "faiss"]),
    default="exact",
    show_default=True,
    help="How /rank searches the whole store: exactly, or by a library's approximate index.",
)
@click.option("--max-body", type=COUNT, default=32, show_default=True, help="MiB of a request.")
@click.option(
    "--max-batch",
    type=COUNT,
    default=1024,
    show_default=True,
    help="Texts, vectors or candidates of a request.",
)
@click.option(
    "--max-queue",
    type=COUNT,
    default=1024,
    show_default=True,
    help="Requests that may wait; one more is answered 429.",
)
@click.option(
    "--check-confidence", is_flag=True, help="Print how far it is off on the test split, and end."
)
def serve(
    runs: tuple[str, ...],
    store: str | None,
    host: str,
    port: int,
    token: str | None,
    decoder: str,
    index: str,
    max_body: int,
    max_batch: int,
    max_queue: int,
    check_confidence: bool,
) -> None:
    """Answer requests over HTTP with trained runs: predictions, rankings, vectors, texts.

    Without a RUN: the run trained last. Of several, the first answers requests that name no model.
    SIGTERM and Ctrl-C end it after the requests under way.

    \b
    lvmctl serve runs/p8
    lvmctl serve runs/p8 runs/p9 --store books --port 9007
    """
    from lvmctl import listen, open_store

    # Before anything is loaded, which takes a while.
    listening = None if check_confidence else listen(host, port)

    from lvmctl_serve.served_model import ServedModel

    opened = None if store is None else open_store(store)
    approximate = None if index == "exact" else index
    served = [ServedModel(name, opened, decoder, approximate) for name in runs or (None,)]
    if listening is None:
        for model in served:
            click.echo(model.confidence_line())
        return

    from lvmctl_serve.app import make_app
    from lvmctl_serve.server import run
    from lvmctl_serve.service import Limits, Service

    service = Service(served, Limits(max_body * 2**20, max_batch, max_queue))
    for model in served:
        for name, why in model.missing.items():
            click.echo(f"{model.name} has no {name}: {why}", err=True)
        if model.index is not None:
            click.echo(f"{model.name}: {model.index.line()}", err=True)
    if token is None and not listening.alone:
        click.echo(f"anybody who reaches {host} can use it: set LVMCTL_SERVE_TOKEN", err=True)
    names = ", ".join(service.models)
    click.echo(f"serving {names} at {listening.url} (Ctrl-C ends it)", err=True)
    run(make_app(service, token), listening.socket)
