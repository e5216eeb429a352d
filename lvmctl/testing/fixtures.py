"""Pytest fixtures for lvmctl and for plugins: ``pytest -p lvmctl.testing.fixtures``."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

try:
    from hypothesis import settings
except ImportError:  # a plugin's tests may do without property tests
    pass
else:
    # A busy machine is no failure: examples have no time limit.
    settings.register_profile("lvmctl", deadline=None)
    settings.load_profile("lvmctl")

# One thread per process: workers share the cores, and results do not depend on their number.
# Torch reads this when it is imported, which is after this module.
os.environ["OMP_NUM_THREADS"] = "1"

RunCli = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(autouse=True)
def small_numbers() -> Iterator[None]:
    """A training flushes denormals in its process; the tests that follow need them back."""
    yield
    if "torch" in sys.modules:
        sys.modules["torch"].set_flush_denormal(False)


@pytest.fixture(scope="session")
def cache_dir(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache directory for the session, one for all of xdist's workers."""
    base = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        base = base.parent
    path = base / "lvmctl-cache"
    path.mkdir(exist_ok=True)
    return path


@pytest.fixture
def cli_env(cache_dir: Path) -> dict[str, str]:
    """The environment of a command: nothing of the user's lvmctl, a cache of the session's own."""
    env = {key: value for key, value in os.environ.items() if not key.startswith("LVMCTL_")}
    return env | {"LVMCTL_CACHE": str(cache_dir), "COLUMNS": "100"}


@pytest.fixture
def run_cli(tmp_path: Path, cli_env: dict[str, str]) -> RunCli:
    """``run_cli(*args, cwd=…, env=…, path=…)`` runs ``python -m lvmctl`` in a process of its own.

    It starts in ``tmp_path``. ``env`` adds variables, ``path`` adds places to import from. Returns
    the :class:`subprocess.CompletedProcess` with text ``stdout`` and ``stderr``.
    """

    def run(
        *args: object,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        path: Iterable[Path] = (),
        timeout: float = 600,
    ) -> subprocess.CompletedProcess[str]:
        environment = cli_env | dict(env or {})
        if places := [str(place) for place in path]:
            environment["PYTHONPATH"] = os.pathsep.join(places)
        return subprocess.run(
            [sys.executable, "-m", "lvmctl", *map(str, args)],
            cwd=cwd or tmp_path,
            env=environment,
            capture_output=True,
            text=True,
            timeout=timeout,
        )

    return run
