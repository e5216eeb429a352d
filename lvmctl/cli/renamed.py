"""Options whose earlier spellings are still understood."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import click


class Renamed(click.Option):
    """An option with earlier spellings (``was``), which no help text shows."""

    def __init__(self, *args: Any, was: Sequence[str], **settings: Any) -> None:
        super().__init__(*args, **settings)
        self.was = list(was)

    def add_to_parser(self, parser: Any, ctx: click.Context) -> None:
        """Let the parser know the earlier spellings too."""
        shown = self.opts
        self.opts = [*shown, *self.was]
        super().add_to_parser(parser, ctx)
        self.opts = shown
