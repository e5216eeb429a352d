"""``lvmctl dashboard``."""

from __future__ import annotations

from pathlib import Path

import click

DIRECTORY = click.Path(path_type=Path)


@click.command()
@click.option(
    "--runs",
    type=DIRECTORY,
    default="runs",
    show_default=True,
    metavar="DIR",
    help="Where the runs are.",
)
@click.option(
    "--stores",
    type=DIRECTORY,
    default="stores",
    show_default=True,
    metavar="DIR",
    help="Where stores are, beside those that the runs were trained on.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option(
    "--port",
    type=click.IntRange(0, 65535),
    default=8999,
    show_default=True,
    help="Port to listen on; 0 is any free one.",
)
@click.option("--read-only", is_flag=True, help="Show, and start no work.")
def dashboard(runs: Path, stores: Path, host: str, port: int, read_only: bool) -> None:
    """Show runs, comparisons and stores in a browser.

    The pages follow trainings while they go on. From them evaluations and diagnostics of data are
    started, and rankings tried out. Nothing is loaded from the network.

    \b
    lvmctl dashboard
    lvmctl dashboard --runs results --port 8080 --read-only
    """
    from lvmctl import listen
    from lvmctl_dashboard.app import make_app
    from lvmctl_dashboard.catalogue import Catalogue
    from lvmctl_dashboard.server import run

    if not runs.is_dir():
        click.echo(f"{runs} is no folder yet: runs show when they are there", err=True)
    listening = listen(host, port)
    app = make_app(Catalogue(runs, stores), read_only, host)
    if not listening.alone and not read_only:
        click.echo(f"anybody who reaches {host} can start work: add --read-only", err=True)
    click.echo(f"dashboard at {listening.url} (Ctrl-C ends it)", err=True)
    run(app, listening.socket)
