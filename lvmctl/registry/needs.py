"""Libraries that a record needs: whether they are here, found without importing them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec

from lvmctl.core.errors import UsageError
from lvmctl.registry.specs import DecoderSpec, EncoderSpec


def missing(modules: Sequence[str]) -> list[str]:
    """Those of the top-level ``modules`` that cannot be imported here."""

    def is_here(name: str) -> bool:
        try:
            return (sys.modules[name] if name in sys.modules else find_spec(name)) is not None
        except (ImportError, ValueError):
            return False

    return [name for name in modules if not is_here(name)]


def require(record: EncoderSpec | DecoderSpec) -> None:
    """Refuse a record whose libraries are not installed."""
    if absent := missing(record.needs):
        verb = "is" if len(absent) == 1 else "are"
        what = (
            f"the {record.kind} {record.name} needs {' and '.join(absent)}, which {verb} not here"
        )
        raise UsageError(what, hint=install_line(record))


def install_line(record: EncoderSpec | DecoderSpec) -> str:
    """What to type to install the libraries of a record."""
    what = record.install or " ".join(record.needs)
    return f"pip install '{what}'" if record.install else f"pip install {what}"
