"""The house keeps its floors: who may import whom, who may touch torch, how long a file may be."""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

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
    2: ("plan", "sphere", "processes"),
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


@cache
def imports(path: Path) -> tuple[Import, ...]:
    """Every import of a file, in functions too."""
    return tuple(_imports(path))


def _imports(path: Path) -> Iterator[Import]:
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


def imports_of(paths: list[Path]) -> Iterator[tuple[Path, Import, str]]:
    """Each file, each of its imports, and the two as a failure says them."""
    for path in paths:
        for module in imports(path):
            yield path, module, f"{short(path)}:{module.line} imports {module.module}"


def top(module: str) -> str:
    return module.partition(".")[0]


def is_below(floor: str, other: str) -> bool:
    """Whether a file of the room ``floor`` may import the room ``other``."""
    if floor in BESIDE or other == floor or other in OPENED.get(floor, ()):
        return True
    if other in BESIDE:
        return False
    return FLOOR[other] < FLOOR[floor] or (other in SHARED and FLOOR[other] == FLOOR[floor])


def test_a_file_imports_its_room_and_the_floors_below():
    wrong = []
    for path, (module, _, typing), failure in imports_of(CORE_FILES):
        package, _, rest = module.partition(".")
        if package != "lvmctl" or typing:
            continue
        if not is_below(room(path), rest.partition(".")[0] or "__init__"):
            wrong.append(failure)
    assert not wrong


def test_torch_and_numpy_stay_on_their_floors():
    wrong = [
        failure
        for path, (module, _, typing), failure in imports_of(CORE_FILES)
        if top(module) in HEAVY and not typing
        if room(path) != "testing" and FLOOR.get(room(path)) not in HEAVY_FLOORS
    ]
    assert not wrong


def test_the_command_line_alone_imports_click():
    """What the door does, a server can do: no function below the commands needs Click."""
    wrong = [
        failure
        for path, (module, *_), failure in imports_of(CORE_FILES)
        if top(module) == "click" and room(path) not in {"cli", "testing"}
    ]
    assert not wrong


def test_core_needs_only_its_dependencies():
    names = {re.match(r"[\w-]+", line)[0] for line in PROJECT["dependencies"]}
    required = {{"markdown-it-py": "markdown_it"}.get(name, name) for name in names}
    optional = {"matplotlib", "pytest", "hypothesis", "packaging", "pyarrow"}
    optional |= {"pypdf", "onnxruntime"}
    known = {"lvmctl", *required, *sys.stdlib_module_names, *optional}
    wrong = [
        failure for _, (module, *_), failure in imports_of(CORE_FILES) if top(module) not in known
    ]
    assert not wrong


def test_a_plugin_uses_public_imports_only():
    private = [
        f"{short(path)}:{line} imports {module}"
        for path in PLUGIN_FILES
        for line, module in private_imports(path)
    ]
    packages = {place.name for place in ROOT.glob("plugins/*/lvmctl_*")}
    others = [
        failure
        for path, (module, *_), failure in imports_of(PLUGIN_FILES)
        if top(module) in packages - own_and_required(path)
    ]
    assert not private + others


def own_and_required(path: Path) -> set[str]:
    """The package of a plugin's file, and those of the plugins that its distribution requires."""
    plugin, package = path.relative_to(ROOT / "plugins").parts[:2]
    text = (ROOT / "plugins" / plugin / "pyproject.toml").read_text(encoding="utf-8")
    names = {re.match(r"[\w-]+", line)[0] for line in tomli.loads(text)["project"]["dependencies"]}
    return {package, *(name.replace("-", "_") for name in names - {"lvmctl"})}


def test_public_modules_are_there():
    assert [name for name in sorted(PUBLIC) if not is_module(name)] == []


def test_no_file_is_long():
    every = files(CORE, ROOT / "plugins", ROOT / "tests", ROOT / "benchmarks")
    lengths = {short(path): len(path.read_text(encoding="utf-8").splitlines()) for path in every}
    assert {path: length for path, length in lengths.items() if length > LONGEST} == {}
