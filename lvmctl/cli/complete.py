"""What a shell is offered after TAB: names of parts, runs, experiments and data. Torch-free.

A completion that fails offers nothing: an error has no place in a command line that is being
typed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import click
from click.shell_completion import CompletionItem

if TYPE_CHECKING:
    Find: TypeAlias = Callable[[click.Context, str], Iterable[CompletionItem]]
    Completer: TypeAlias = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]

WORLDS = ("ar1", "rotation", "topic", "iid")
"""Synthetic worlds; they are declared beside NumPy, which is not loaded here."""


def completer(find: Find) -> Completer:
    """A function for ``shell_complete``, from one that finds all candidates for what is typed."""

    @wraps(find)
    def complete(ctx: click.Context, _: click.Parameter, incomplete: str) -> list[CompletionItem]:
        try:
            return [
                item
                for item in find(ctx, incomplete)
                if item.type == "file" or item.value.startswith(incomplete)
            ]
        except Exception:
            return []

    return complete


def records(kind: str | None = None) -> Completer:
    """Completes the names of all parts of a kind, with what they are; None is every kind, and
    plugins."""

    def find(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
        from lvmctl.registry import load_registry

        registry = load_registry()
        for entry in registry.entries(kind):
            yield CompletionItem(registry.address(entry), help=entry.record.summary)
        if kind is None:
            for plugin in registry.plugins:
                yield CompletionItem(plugin.name, help=f"plugin of {plugin.distribution}")

    return completer(find)


@completer
def plugin_names(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """Completes plugins."""
    from lvmctl.registry import load_registry

    for plugin in load_registry().plugins:
        yield CompletionItem(plugin.name, help=plugin.distribution)


@completer
def experiment_names(ctx: click.Context, incomplete: str) -> Iterator[CompletionItem]:
    """Completes experiments."""
    from lvmctl.config import load_experiments

    known = load_experiments(ctx.params.get("file"))
    for name in known.names():
        yield CompletionItem(name, help=known.get(name).summary)


@completer
def run_names(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Completes runs in ``runs/``, the one trained last first; elsewhere paths."""
    from lvmctl.core.runs import date_of, directories, is_run, short_name

    runs = sorted((p for p in directories() if is_run(p)), key=date_of, reverse=True)
    return or_path(incomplete, map(short_name, runs))


@completer
def resumable_names(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Completes runs and sweeps in ``runs/``; elsewhere paths."""
    from lvmctl.core.runs import directories, is_run, is_sweep, short_name

    runs = [p for p in directories() if is_run(p)]
    sweeps = {path.parent for path in runs if is_sweep(path.parent)}
    return or_path(incomplete, map(short_name, [*runs, *sweeps]))


@completer
def sources(ctx: click.Context, incomplete: str) -> list[CompletionItem]:
    """Completes stores and NPZ files here and a directory below, and synthetic worlds; elsewhere
    paths."""
    above = incomplete.rpartition("/")[0]
    place = Path(f"{above}/") if above or incomplete.startswith("/") else Path()
    patterns = ("*/store.json", "*/*/store.json", "*.npz")
    paths = [path for pattern in patterns for path in place.glob(pattern)]
    stores = [str(path.parent if path.name == "store.json" else path) for path in paths]
    worlds = [f"synth:{world}" for world in WORLDS] if incomplete.startswith("s") else []
    return or_path(incomplete, [*stores, *worlds])


SOURCE: dict[str, Any] = {"metavar": "SOURCE", "shell_complete": sources}
"""What all options that take data have."""


def or_path(incomplete: str, names: Iterable[str]) -> list[CompletionItem]:
    """Those names that go on from what is typed; where none does, the shell completes a path."""
    items = [CompletionItem(name) for name in names if name.startswith(incomplete)]
    return items or [CompletionItem(incomplete, type="file")]
