"""What is installed for these tests: wheels in an environment without this checkout."""

from __future__ import annotations

from pathlib import Path

import pytest
from scaffold.environment import Environment, wheel

from lvmctl.scaffold import package
from lvmctl.scaffold.names import Names
from lvmctl.scaffold.package import USE

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="session")
def scaffolds(tmp_path_factory) -> dict[str, Path]:
    """A package of each kind as it is written, by kind; its name is ``my-KIND``."""
    home = tmp_path_factory.mktemp("scaffolds")
    packages = {kind: home / f"lvmctl-my-{kind}" for kind in USE}
    for kind, place in packages.items():
        package.write(package.render(kind, Names(f"my-{kind}")), place)
    return packages


@pytest.fixture(scope="session")
def installed(scaffolds, tmp_path_factory) -> Environment:
    """An environment with core, P8, the example and a scaffold of every kind."""
    home = tmp_path_factory.mktemp("installed")
    projects = [ROOT, ROOT / "plugins/p8", ROOT / "plugins/example-loss", *scaffolds.values()]
    return Environment.of(home, [wheel(project, home / "wheels") for project in projects])
