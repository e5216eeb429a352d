"""What every plugin must keep, and that it uses nothing but the door."""

from __future__ import annotations

import ast
from pathlib import Path

import lvmctl_dashboard

from lvmctl.testing import parametrize_with_checks


@parametrize_with_checks("dashboard")
def test_conformance(check):
    check()


def test_only_the_door_of_lvmctl_is_imported():
    for file in Path(lvmctl_dashboard.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                assert not name.startswith("lvmctl."), f"{file.name} imports {name}"
