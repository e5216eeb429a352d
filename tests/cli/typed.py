"""Commands as somebody types them, in this process."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lvmctl.cli.main import run as main


def typing(place: Path, monkeypatch, capsys, *first: str) -> Callable[..., tuple[int, str, str]]:
    """``call(*words)`` runs ``lvmctl``, with the words ``first`` before them, in ``place``: exit
    code, stdout, stderr."""
    monkeypatch.chdir(place)

    def call(*words: object) -> tuple[int, str, str]:
        code = main([*first, *map(str, words)])
        return code, *capsys.readouterr()

    return call
