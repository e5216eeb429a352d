"""Rules that hold for every example, and the smallest one for which they do not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Flaky
from hypothesis.strategies import SearchStrategy

from lvmctl.testing.check import CheckFailed, Skipped


def for_all(
    rule: Callable[..., object], examples: int = 25, **strategies: SearchStrategy[Any]
) -> None:
    """Call ``rule`` with values drawn from ``strategies``, the same ones in every run.

    Raises:
        CheckFailed: ``rule`` raised; the message ends with the smallest values for which it does,
            or names values for which it does not raise again.
        Skipped: ``rule`` raised it.
    """
    drawn: dict[str, Any] = {}

    @settings(
        max_examples=examples,
        phases=(Phase.generate, Phase.shrink),  # to explain takes ten times as long as to shrink
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
    except Flaky as error:
        raise CheckFailed(f"it fails for {listed(drawn)}, and then does not") from error
    except Exception as error:
        said = str(error) if isinstance(error, CheckFailed) else f"{type(error).__name__}: {error}"
        raise CheckFailed(f"{said} (smallest example: {listed(drawn)})") from error


def listed(drawn: dict[str, Any]) -> str:
    """Values by name, for a reader."""
    return ", ".join(f"{name} = {value}" for name, value in drawn.items())
