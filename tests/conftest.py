"""Fixtures of core's own tests; those that plugins use too are in ``lvmctl.testing.fixtures``."""

from __future__ import annotations

import gc
import os
import signal
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path

import forked
import pytest
from hypothesis import settings

HEADER = "from lvmctl import LossSpec, hookimpl\n"
"""First lines of a plugin.py that is well made so far."""

Install = Callable[..., Path]

# Tests start a hundred interpreters, and each would compile all of lvmctl anew.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False

# A property that fails nearly always fails in 25 examples; HYPOTHESIS_PROFILE=lvmctl tries 100.
settings.register_profile("quick", deadline=None, max_examples=25)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))

# A shell starts its background jobs deaf to Ctrl-C, and what they start would be deaf, too.
if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_finish() -> None:
    """What was imported and collected is searched for garbage no more, and what a test writes is
    compiled each time: it may write a module twice in a second."""
    gc.freeze()
    sys.dont_write_bytecode = True


@pytest.fixture(scope="session", autouse=True)
def quick(cache_dir) -> Iterator[None]:
    """See :mod:`quick`."""
    from quick import WORLDS, be_quick

    with pytest.MonkeyPatch.context() as patch:
        patch.setenv(WORLDS, str(cache_dir))
        be_quick(patch)
        yield


@pytest.fixture
def run_cli(run_cli, cli_env, tmp_path, tmp_path_factory):
    """The fixture that plugins use, in a process that is forked where the system can.

    ``fresh=True`` starts Python anew, for a test of what is imported.
    """

    def run(
        *args: object,
        cwd: Path | None = None,
        env: Mapping[str, str] | None = None,
        path: Iterable[Path] = (),
        fresh: bool = False,
    ):
        if fresh or not forked.is_possible():
            return run_cli(*args, cwd=cwd, env=env, path=path)
        environment = cli_env | dict(env or {})
        if places := [str(place) for place in path]:
            environment["PYTHONPATH"] = os.pathsep.join(places)
        streams = tmp_path_factory.mktemp("streams")
        return forked.lvmctl(map(str, args), cwd or tmp_path, environment, streams)

    return run


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A directory that serves as a second site-packages."""
    path = tmp_path / "site"
    path.mkdir()
    return path


@pytest.fixture
def install(site: Path) -> Iterator[Install]:
    """Installs a distribution into ``site``, with metadata as pip leaves it.

    ``install("lvmctl-x", {"x": "x_pkg.plugin"}, {"x_pkg/plugin.py": "…"})``
    """
    packages: set[str] = set()

    def make(
        distribution: str,
        entry_points: Mapping[str, str],
        files: Mapping[str, str],
        version: str = "1.0",
    ) -> Path:
        for name, text in files.items():
            (site / name).parent.mkdir(parents=True, exist_ok=True)
            (site / name).write_text(text, encoding="utf-8")
            packages.add(name.split("/")[0].removesuffix(".py"))
        info = site / f"{distribution.replace('-', '_')}-{version}.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(
            f"Metadata-Version: 2.1\nName: {distribution}\nVersion: {version}\n"
        )
        lines = [f"{name} = {module}" for name, module in entry_points.items()]
        (info / "entry_points.txt").write_text("\n".join(["[lvmctl]", *lines, ""]))
        (info / "RECORD").write_text("".join(f"{name},,\n" for name in files))
        return site

    yield make
    for name in list(sys.modules):
        if name.partition(".")[0] in packages:
            del sys.modules[name]


@pytest.fixture
def plugged(
    install: Install, site: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., None]]:
    """As ``install``; what was installed is found in this process until the test ends."""
    from lvmctl.registry import configure

    def make(*args: object) -> None:
        install(*args)
        monkeypatch.syspath_prepend(str(site))
        configure()

    yield make
    configure()


@pytest.fixture
def install_loss(install: Install) -> Callable[..., Path]:
    """Installs a plugin whose ``plugin.py`` is sound and declares one loss."""

    def make(plugin: str, loss: str, distribution: str | None = None) -> Path:
        distribution = distribution or f"lvmctl-{plugin}"
        package = distribution.replace("-", "_") + "_pkg"
        text = HEADER + (
            "@hookimpl\n"
            "def lvmctl_losses():\n"
            f"    return [LossSpec(name={loss!r}, summary='A loss of {distribution}.',\n"
            f"                     target='{package}.loss:Loss')]\n"
        )
        loss_module = f"class Loss:\n    home = {distribution!r}\n"
        return install(
            distribution,
            {plugin: f"{package}.plugin"},
            {f"{package}/plugin.py": text, f"{package}/loss.py": loss_module},
        )

    return make


@pytest.fixture
def reading(plugged: Callable[..., None]) -> None:
    """Installs the recipes ``words`` and ``edges``, see :mod:`reading`."""
    from reading import FILES

    plugged("lvmctl-reading", {"reading": "reading_pkg.plugin"}, FILES)


@pytest.fixture
def ranks(plugged: Callable[..., None]) -> None:
    """Installs the recipe ``ranks``, see :mod:`ranking`."""
    import ranking

    files = {"ranks/plugin.py": ranking.PLUGIN, "ranks/parts.py": ranking.PARTS}
    plugged("lvmctl-ranks", {"ranks": "ranks.plugin"}, files)
