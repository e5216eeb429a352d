"""What a plugin may import of lvmctl, and which files import more."""

from __future__ import annotations

import ast
import importlib
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

PUBLIC = frozenset({"lvmctl", "lvmctl.sphere", "lvmctl.testing"})
"""The modules; docs/plugins/README.md lists the same. The rest may change without notice."""


def private_imports(path: Path) -> Iterator[tuple[int, str]]:
    """Line and module of everything a file imports of lvmctl that is not public.

    Imports inside functions and for annotations count too.
    """
    for node in ast.walk(ast.parse(path.read_bytes())):
        for module in _imported(node):
            if module.partition(".")[0] == "lvmctl" and module not in PUBLIC:
                yield node.lineno, module


def _imported(node: ast.AST) -> list[str]:
    """The modules that a statement imports."""
    if isinstance(node, ast.Import):
        return [name.name for name in node.names]
    if isinstance(node, ast.ImportFrom) and node.level == 0:
        return [_module(node.module, name.name) for name in node.names]
    return []


def _module(package: str, name: str) -> str:
    """Where ``from package import name`` looks: a module inside the package, or the package."""
    if package not in PUBLIC:
        return package
    if name in getattr(importlib.import_module(package), "__all__", ()):
        return package
    try:
        inner = find_spec(f"{package}.{name}")
    except ModuleNotFoundError:  # ``package`` is a module, not a package
        inner = None
    return f"{package}.{name}" if inner else package


def sources(module: str) -> list[tuple[Path, Path]]:
    """The Python files of the outermost package of a module, each after the folder it is in.

    A namespace that several distributions may share is no such package.
    """
    names = module.split(".")
    packages = [".".join(names[:count]) for count in range(1, len(names))]
    regular = [name for name in packages if find_spec(name).origin]
    outermost = (regular or packages[-1:] or [module])[0]
    spec = find_spec(outermost)
    if not spec.submodule_search_locations:
        return [(Path(spec.origin).parent, Path(spec.origin))]
    places = map(Path, spec.submodule_search_locations)
    return [(place.parent, path) for place in places for path in sorted(place.rglob("*.py"))]
