"""Wheels of core and of P8, installed into an environment without this checkout."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
OURS = ("lvmctl", "_editable", "__editable")


def pip(*args: object) -> None:
    command = [
        sys.executable,
        "-m",
        "pip",
        "--disable-pip-version-check",
        "--quiet",
        *map(str, args),
    ]
    subprocess.run(command, check=True, capture_output=True, text=True, cwd=ROOT)


@pytest.fixture(scope="module")
def wheels(tmp_path_factory) -> dict[str, Path]:
    """The built wheels by distribution."""
    out = tmp_path_factory.mktemp("wheels")
    pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", out, ".", "./plugins/p8")
    return {path.name.partition("-")[0]: path for path in out.glob("*.whl")}


@pytest.fixture(scope="module")
def lvmctl(wheels, tmp_path_factory):
    """Runs the installed ``lvmctl`` of an environment that has the wheels and our dependencies.

    The dependencies are linked, not installed again: torch alone weighs hundreds of megabytes.
    """
    home = tmp_path_factory.mktemp("home")
    venv.create(home / "env")
    scripts = home / "env" / "bin"
    pip("--python", scripts / "python", "install", "--no-deps", "--no-index", *wheels.values())

    dependencies = home / "dependencies"
    dependencies.mkdir()
    for path in Path(sysconfig.get_path("purelib")).iterdir():
        if not path.name.startswith(OURS):
            (dependencies / path.name).symlink_to(path)
    (site,) = (home / "env").glob("lib/python*/site-packages")
    (site / "dependencies.pth").write_text(f"{dependencies}\n")

    variables = {k: v for k, v in os.environ.items() if not k.startswith(("LVMCTL_", "PYTHONPATH"))}
    work = home / "work"
    work.mkdir()

    def run(*args: str, program: str = "lvmctl") -> str:
        result = subprocess.run(
            [scripts / program, *args],
            cwd=work,
            env=variables | {"LVMCTL_CACHE": str(home / "cache")},
            capture_output=True,
            text=True,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout

    return run


def test_a_wheel_holds_the_package_the_experiments_and_the_licence(wheels):
    names = set(zipfile.ZipFile(wheels["lvmctl"]).namelist())
    assert {"lvmctl/cli/main.py", "lvmctl/experiments.toml"} <= names
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert all(name.startswith(("lvmctl/", "lvmctl-")) for name in names)
    names = set(zipfile.ZipFile(wheels["lvmctl_p8"]).namelist())
    assert "lvmctl_p8/plugin.py" in names
    assert all(name.startswith(("lvmctl_p8/", "lvmctl_p8-")) for name in names)


def test_the_installed_command_stands_alone(lvmctl):
    place = lvmctl("-c", "import lvmctl, lvmctl_p8; print(lvmctl, lvmctl_p8)", program="python")
    assert str(ROOT) not in place
    assert "Commands:" in lvmctl("--help")
    assert "lvmctl-p8" in lvmctl("plugins", "list")
    assert "p8-pilot" in lvmctl("experiments", "list")
    assert "nothing is broken" in lvmctl("doctor")


def test_the_installed_command_trains(lvmctl):
    small = ["width=32", "layers=1", "heads=2", "feedforward=64", "eval_windows=64"]
    options = [part for value in small for part in ("--set", value)]
    data = "synth:ar1?articles=24&chunks=30&dim=16"
    lvmctl("train", "--plugin", "p8", "--data", data, "--epochs", "1", "--out", "run", *options)
