"""The house keeps its floors: who may import whom, who may touch torch, how long a file may be."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
import tomli

from lvmctl.testing.public import PUBLIC, private_imports

ROOT = Path(__file__).resolve().parents[1]
CORE = ROOT / "lvmctl"
PROJECT = tomli.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LONGEST = 300

FLOORS = {
    8: ("__main__",),
    7: ("cli",),
    6: ("api",),
    5: ("training", "diagnostics", "report"),
    4: ("evaluation",),
    3: ("data", "nn", "baselines"),
    2: ("plan", "sphere"),
    1: ("registry", "config"),
    0: ("core", "__init__"),
}
FLOOR = {room: floor for floor, rooms in FLOORS.items() for room in rooms}

BESIDE = {"builtin", "testing", "scaffold"}
"""Doors for others: what plugins import, what core declares, what tests use. No floor imports them,
but for the commands that open a door; the registry reaches ``builtin`` by name as any plugin."""

OPENED = {"cli": {"testing", "scaffold"}}
"""Doors that a room may open: ``plugins check`` and ``plugins new``."""

SHARED = {"config", "data"}
"""Rooms the others of their floor may use."""

HEAVY = {"torch", "numpy"}
HEAVY_FLOORS = {2, 3, 4, 5, 6}


class Import(NamedTuple):
    """One imported module of a file; ``typing`` says that it serves annotations only."""

    module: str
    line: int
    typing: bool


def imports(path: Path) -> Iterator[Import]:
    """Every import of a file, in functions too."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    guarded = {
        id(node)
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for name in node.names:
                yield Import(name.name, node.lineno, id(node) in guarded)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: a relative import"
            modules = [node.module]
            if node.module.partition(".")[0] == "lvmctl":
                submodules = [f"{node.module}.{name.name}" for name in node.names]
                known = [name for name in submodules if is_module(name)]
                modules = known or modules
            for module in modules:
                yield Import(module, node.lineno, id(node) in guarded)


def is_module(name: str) -> bool:
    place = ROOT.joinpath(*name.split("."))
    return place.with_suffix(".py").is_file() or (place / "__init__.py").is_file()


def room(path: Path) -> str:
    return path.relative_to(CORE).parts[0].removesuffix(".py")


def files(*places: Path) -> list[Path]:
    return sorted(path for place in places for path in place.rglob("*.py"))


CORE_FILES = files(CORE)
PLUGIN_FILES = [
    path for plugin in ROOT.glob("plugins/*") for path in files(*plugin.glob("lvmctl_*"))
]


def short(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_every_file_of_core_has_a_place():
    assert {room(path) for path in CORE_FILES} <= set(FLOOR) | BESIDE


@pytest.mark.parametrize("path", CORE_FILES, ids=short)
def test_a_file_imports_its_room_and_the_floors_below(path):
    own = room(path)
    wrong = []
    for module, line, typing in imports(path):
        package, _, rest = module.partition(".")
        if package != "lvmctl" or typing or own in BESIDE:
            continue
        other = rest.partition(".")[0] or "__init__"
        same_floor = other in SHARED and FLOOR[other] <= FLOOR[own]
        if other == own or same_floor or other in OPENED.get(own, ()):
            continue
        if other in BESIDE or FLOOR[other] >= FLOOR[own]:
            wrong.append(f"{short(path)}:{line} imports {module}")
    assert not wrong


@pytest.mark.parametrize("path", CORE_FILES, ids=short)
def test_torch_and_numpy_stay_on_their_floors(path):
    own = room(path)
    allowed = own == "testing" or FLOOR.get(own) in HEAVY_FLOORS
    wrong = [
        f"{short(path)}:{line} imports {module}"
        for module, line, typing in imports(path)
        if module.partition(".")[0] in HEAVY and not typing
    ]
    assert allowed or not wrong


@pytest.mark.parametrize("path", CORE_FILES, ids=short)
def test_the_command_line_alone_imports_click(path):
    """What the door does, a server can do: no function below the commands needs Click."""
    modules = {module.partition(".")[0] for module, *_ in imports(path)}
    assert room(path) in {"cli", "testing"} or "click" not in modules


@pytest.mark.parametrize("path", CORE_FILES, ids=short)
def test_core_needs_only_its_dependencies(path):
    required = {re.match(r"\w+", line)[0] for line in PROJECT["dependencies"]}
    known = {"lvmctl", *required, *sys.stdlib_module_names}
    optional = {"sentence_transformers", "matplotlib", "pytest", "hypothesis", "packaging"}
    assert {module.partition(".")[0] for module, *_ in imports(path)} <= known | optional


@pytest.mark.parametrize("path", PLUGIN_FILES, ids=short)
def test_a_plugin_uses_public_imports_only(path):
    own = path.relative_to(ROOT / "plugins").parts[1]
    others = {place.name for place in ROOT.glob("plugins/*/lvmctl_*")} - {own}
    wrong = [f"{short(path)}:{line} imports {module}" for line, module in private_imports(path)]
    wrong += [
        f"{short(path)}:{line} imports {module}"
        for module, line, _ in imports(path)
        if module.partition(".")[0] in others
    ]
    assert not wrong


def test_public_modules_are_there():
    assert [name for name in sorted(PUBLIC) if not is_module(name)] == []


@pytest.mark.parametrize(
    "path", files(CORE, ROOT / "plugins", ROOT / "tests", ROOT / "benchmarks"), ids=short
)
def test_no_file_is_long(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST
