"""The public door: its names, what loading it costs, and what type checkers are told of it."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import lvmctl

HEAVY = ("torch", "numpy", "click", "pluggy")


def typed_names() -> dict[str, str]:
    """The names that type checkers see, each with where it is imported from."""
    tree = ast.parse(Path(lvmctl.__file__).read_text(encoding="utf-8"))
    (guarded,) = [node for node in tree.body if isinstance(node, ast.If)]
    homes = {}
    for node in guarded.body:
        assert isinstance(node, ast.ImportFrom)
        if node.module == "lvmctl":
            continue  # the public modules
        for name in node.names:
            assert name.asname == name.name  # which makes it public for type checkers
            homes[name.name] = node.module.removeprefix("lvmctl.")
    return homes


def test_type_checkers_are_told_where_each_name_lives():
    assert typed_names() == lvmctl._HOMES


def test_every_name_is_listed():
    assert set(lvmctl.__all__) <= set(dir(lvmctl))


@pytest.mark.parametrize("name", lvmctl.__all__)
def test_a_name_leads_to_something_with_a_docstring(name):
    value = getattr(lvmctl, name)
    assert name == "API_VERSION" or value.__doc__


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = lvmctl.nothing


def loaded_after(code: str) -> list[str]:
    """Which heavy modules a fresh interpreter has loaded after ``code``."""
    code = f"import sys\n{code}\nprint([name for name in {HEAVY} if name in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return ast.literal_eval(done.stdout)


@pytest.mark.parametrize("module", ["sphere", "testing"])
def test_a_public_module_is_an_attribute(module):
    code = f"import lvmctl; print(lvmctl.{module}.__name__)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.stdout.strip() == f"lvmctl.{module}", done.stderr


def test_importing_the_door_loads_nothing_heavy():
    assert loaded_after("import lvmctl; dir(lvmctl)") == []


def test_what_plugin_py_needs_loads_neither_torch_nor_numpy():
    light = [
        name
        for name, home in lvmctl._HOMES.items()
        if home.startswith(("registry.", "config.", "core.", "nn.sequence.options"))
    ]
    assert len(light) > 30
    loaded = loaded_after(f"import lvmctl\n[getattr(lvmctl, name) for name in {light}]")
    assert "torch" not in loaded
    assert "numpy" not in loaded
