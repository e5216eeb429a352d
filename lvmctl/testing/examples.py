"""Rules that hold for every example, and the smallest one for which they do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis.strategies import SearchStrategy

from lvmctl.testing.check import Skipped, Unmet


def for_all(
    rule: Callable[..., object], examples: int = 25, **strategies: SearchStrategy[Any]
) -> None:
    """Call ``rule`` with values drawn from ``strategies``, the same ones in every run.

    Raises:
        Unmet: ``rule`` raised; the message ends with the smallest values for which it does.
        Skipped: ``rule`` raised it.
    """
    drawn: dict[str, Any] = {}

    @settings(
        max_examples=examples,
        deadline=None,
        database=None,
        derandomize=True,
        report_multiple_bugs=False,
        print_blob=False,
        suppress_health_check=list(HealthCheck),
    )
    @given(**strategies)
    def run(**values: Any) -> None:
        drawn.clear()
        drawn.update(values)
        rule(**values)

    try:
        run()
    except Skipped:
        raise
    except Exception as error:
        smallest = ", ".join(f"{name} = {value}" for name, value in drawn.items())
        said = str(error) if isinstance(error, Unmet) else f"{type(error).__name__}: {error}"
        raise Unmet(f"{said} (smallest example: {smallest})") from error
