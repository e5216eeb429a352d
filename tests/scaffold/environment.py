"""An environment that has wheels installed and our dependencies, and nothing of this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from hatchling.builders.wheel import WheelBuilder

OURS = ("lvmctl", "_editable", "__editable")


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
        (home / "dependencies").mkdir()
        for path in Path(sysconfig.get_path("purelib")).iterdir():
            if not path.name.startswith(OURS):
                (home / "dependencies" / path.name).symlink_to(path)
        (site,) = (home / "env").glob("lib/python*/site-packages")
        (site / "dependencies.pth").write_text(f"{home / 'dependencies'}\n")
        return made

    def run(self, program: str, *words: object, code: int = 0) -> str:
        """What a program of the environment prints on stdout; it must exit with ``code``."""
        ours = ("LVMCTL_", "PYTHON", "PYTEST_", "COV_")
        variables = {key: value for key, value in os.environ.items() if not key.startswith(ours)}
        result = subprocess.run(
            [self.home / "env/bin" / program, *map(str, words)],
            cwd=self.work,
            env=variables | {"LVMCTL_CACHE": str(self.home / "cache")},
            capture_output=True,
            text=True,
        )
        assert result.returncode == code, result.stdout + result.stderr
        return result.stdout
