"""An environment that has wheels installed and our dependencies, and nothing of this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import launched
from hatchling.builders.wheel import WheelBuilder

OURS = ("lvmctl", "_editable", "__editable")
LOADED = ("lvmctl.cli.main", "lvmctl.training.job", "lvmctl.testing.conformance")
"""What the environment's processes have imported."""


def wheel(project: Path, out: Path) -> Path:
    """The wheel of a project, as its build backend makes it."""
    (built,) = WheelBuilder(str(project)).build(directory=str(out), versions=["standard"])
    return Path(built)


@dataclass(frozen=True)
class Environment:
    """Where it is, and where its commands work."""

    home: Path

    @property
    def work(self) -> Path:
        """The working directory of the commands."""
        return self.home / "work"

    @classmethod
    def of(cls, home: Path, wheels: Iterable[Path]) -> Environment:
        """Install ``wheels`` into a new environment in ``home``.

        The dependencies are linked, not installed again: torch alone weighs hundreds of megabytes.
        """
        made = cls(home)
        made.work.mkdir(parents=True)
        venv.create(home / "env")
        pip = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check"]
        pip += ["--python", str(home / "env/bin/python")]
        offline = ["--no-deps", "--no-index", "--no-compile"]
        subprocess.run([*pip, "install", *offline, *map(str, wheels)], check=True)
        # Called like the place that Hypothesis searches for no constants.
        dependencies = home / "dependencies/site-packages"
        dependencies.mkdir(parents=True)
        for path in Path(sysconfig.get_path("purelib")).iterdir():
            if not path.name.startswith(OURS):
                (dependencies / path.name).symlink_to(path)
        (site,) = (home / "env").glob("lib/python*/site-packages")
        (site / "dependencies.pth").write_text(f"{dependencies}\n")
        return made

    @property
    def variables(self) -> dict[str, str]:
        """The environment variables of the commands."""
        ours = ("LVMCTL_", "PYTHON", "PYTEST_", "COV_")
        kept = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        return kept | {"LVMCTL_CACHE": str(self.home / "cache")}

    @cached_property
    def python(self) -> str:
        """The environment's Python; its processes are forked where the system can."""
        python = str(self.home / "env/bin/python")
        if not launched.is_possible():
            return python

        def start(address: str) -> None:
            command = [python, launched.__file__, address, *LOADED]
            subprocess.Popen(command, cwd=self.work, env=self.variables)

        return launched.python(start)

    def run(self, program: str, *words: object, code: int = 0) -> str:
        """What ``python``, ``lvmctl`` or a script of the environment such as ``env/bin/lvmctl``
        prints on stdout; it must exit with ``code``."""
        command = {"python": [self.python], "lvmctl": [self.python, "-m", "lvmctl"]}
        result = subprocess.run(
            [*command.get(program, [self.home / program]), *map(str, words)],
            cwd=self.work,
            env=self.variables,
            capture_output=True,
            text=True,
        )
        assert result.returncode == code, result.stdout + result.stderr
        return result.stdout
