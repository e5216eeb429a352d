"""What is written, that it is formatted whatever it is called, and that it is whole."""

from __future__ import annotations

import ast
import io
import os
import re
import subprocess
import sys
import tokenize
from pathlib import Path

import pytest
import tomli
from test_docs import parse, typed

import lvmctl
from lvmctl.cli.main import cli
from lvmctl.core.errors import OutputError
from lvmctl.scaffold import package
from lvmctl.scaffold.names import LONGEST, Names
from lvmctl.scaffold.package import USE

ROOT = Path(__file__).resolve().parents[2]
ALL = list(USE)
PART = {kind: f"{kind}.py" for kind in ALL if kind != "gate"}
"""The file of the thing itself; a verdict is its record alone."""

every_kind = pytest.mark.parametrize("kind", ALL)


@every_kind
def test_the_files(kind):
    files = package.render(kind, Names("my-part"))
    expected = {
        "README.md",
        "pyproject.toml",
        "lvmctl_my_part/__init__.py",
        "lvmctl_my_part/plugin.py",
        "tests/test_my_part.py",
    }
    expected |= {f"lvmctl_my_part/{PART[kind]}"} if kind in PART else set()
    expected |= {"lvmctl_my_part/loss.py"} if kind == "field" else set()  # which reads it
    assert set(files) == expected
    assert all(text.endswith("\n") and "$" not in text for text in files.values())
    assert all("my-part" in files[name] for name in ("README.md", "pyproject.toml"))


@every_kind
def test_the_project(kind):
    written = tomli.loads(package.render(kind, Names("my-part"))["pyproject.toml"])
    ours = tomli.loads((ROOT / "pyproject.toml").read_text())
    sibling = tomli.loads((ROOT / "plugins/p8/pyproject.toml").read_text())
    project = written["project"]
    assert written["build-system"] == sibling["build-system"]
    assert project["name"] == "lvmctl-my-part"
    assert project["dependencies"] == sibling["project"]["dependencies"]
    assert project["requires-python"] == ours["project"]["requires-python"]
    assert project["entry-points"] == {"lvmctl": {"my-part": "lvmctl_my_part.plugin"}}
    assert set(project["optional-dependencies"]["test"]) <= set(
        ours["project"]["optional-dependencies"]["test"]
    )


@pytest.mark.parametrize(
    ("version", "versions"),
    [
        ("0.1.0", ">=0.1,<0.2"),
        ("0.9.3", ">=0.9,<0.10"),
        ("0.12.0rc1", ">=0.12,<0.13"),
        ("1.0.0", ">=1.0,<2"),
        ("2.5.1", ">=2.5,<3"),
    ],
)
def test_it_works_with_what_it_was_written_for(version, versions):
    assert package.compatible(version) == versions


def test_the_running_version_is_asked_for(monkeypatch):
    monkeypatch.setattr(lvmctl, "__version__", "3.4.5")
    text = package.render("loss", Names("x"))["pyproject.toml"]
    assert 'dependencies = ["lvmctl>=3.4,<4"]' in text


@pytest.mark.parametrize("name", ["x", "angular-margin", "m" * LONGEST])
def test_it_is_formatted_whatever_it_is_called(name, tmp_path):
    rules = tomli.loads((ROOT / "pyproject.toml").read_text())["tool"]["ruff"]["lint"]
    for kind in ALL:
        package.write(package.render(kind, Names(name)), tmp_path / kind)
    select = ["--select", ",".join(rules["select"]), "--ignore", ",".join(rules["ignore"])]
    for words in (["format", "--check", "--diff"], ["check"], ["check", *select]):
        done = subprocess.run(
            [sys.executable, "-m", "ruff", *words, "--no-cache", tmp_path],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout + done.stderr


@every_kind
def test_what_is_declared_imports_nothing_heavy(kind):
    files = package.render(kind, Names("x"))
    heavy = {"torch", "numpy", "click"}
    for name in ("lvmctl_x/plugin.py", *(["lvmctl_x/recipe.py"] if kind == "recipe" else [])):
        tree = ast.parse(files[name])
        modules = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        modules |= {
            alias.name
            for node in ast.walk(tree)
            if isinstance(node, ast.Import)
            for alias in node.names
        }
        assert not {module.partition(".")[0] for module in modules} & heavy


@every_kind
def test_the_commands_that_follow_can_be_typed(kind):
    names = Names("my-part")
    lines = package.commands(kind, names, Path("lvmctl-my-part"))
    assert lines[:3] == [
        "pip install -e ./lvmctl-my-part",
        "lvmctl plugins check my-part",
        "pytest ./lvmctl-my-part",
    ]
    assert any("my-part" in line or line == "lvmctl eval baselines" for line in lines[3:])
    readme = package.render(kind, names)["README.md"]
    for words in [*typed("\n".join(lines)), *typed(readme)]:
        if words[0] == "my-part" or words[:2] == ["diagnose", "my-part"]:
            continue  # there when it is installed
        parse(cli, words)


def test_a_place_is_quoted_and_an_absolute_one_kept():
    names = Names("x")
    assert package.commands("loss", names, Path("my own/x"))[0] == "pip install -e './my own/x'"
    assert package.commands("loss", names, Path("/opt/x"))[2] == "pytest /opt/x"
    assert package.commands("loss", names, Path())[0] == "pip install -e ."


def test_the_smallest_loss_has_at_most_12_lines():
    files = package.render("loss", Names("angular-margin"))
    scaffold = [files[f"lvmctl_angular_margin/{name}.py"] for name in ("plugin", "loss")]
    example = ROOT.glob("plugins/example-loss/lvmctl_*/*.py")
    for texts in (scaffold, [path.read_text(encoding="utf-8") for path in example]):
        assert len([line for text in texts for line in code(text)]) <= 12
        names = {name for text in texts for name in re.findall(r"\blvmctl\.(\w+)", text)}
        assert names <= {"hookimpl", "LossSpec"}


def code(text: str) -> list[str]:
    """The lines of a module that hold code: no docstring, no comment, nothing blank."""
    tokens = list(tokenize.generate_tokens(io.StringIO(text).readline))
    silent = {tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT}
    held = set()
    for before, token in zip([None, *tokens], tokens):
        starts = before is None or before.type in silent
        if token.type in silent or (token.type == tokenize.STRING and starts):
            continue
        held.update(range(token.start[0], token.end[0] + 1))
    return [line for number, line in enumerate(text.splitlines(), 1) if number in held]


def test_a_folder_is_written_whole(tmp_path):
    files = {"a.txt": "one\n", "b/c.txt": "Größe\n"}
    package.write(files, tmp_path / "new" / "place")
    written = {
        str(path.relative_to(tmp_path / "new/place")): path.read_text(encoding="utf-8")
        for path in (tmp_path / "new/place").rglob("*.txt")
    }
    assert written == files
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["place"]


@pytest.mark.parametrize("what", ["folder", "file", "link"])
def test_what_is_there_is_left_alone(tmp_path, what):
    place = tmp_path / "place"
    if what == "folder":
        place.mkdir()
    elif what == "file":
        place.write_text("mine")
    else:
        place.symlink_to("nowhere")
    with pytest.raises(OutputError, match="already exists; choose another --out"):
        package.write({"a": "b"}, place)
    assert os.listdir(tmp_path) == ["place"]
    assert not place.is_dir() or not list(place.iterdir())


def test_what_appears_meanwhile_is_left_alone(tmp_path, monkeypatch):
    place = tmp_path / "place"
    whole = package.write_whole

    def slow(path, fill):
        whole(path, fill)
        place.mkdir()
        (place / "mine").write_text("mine")

    monkeypatch.setattr(package, "write_whole", slow)
    with pytest.raises(OutputError, match="already exists"):
        package.write({"a": "b"}, place)
    assert [path.name for path in tmp_path.rglob("*")] == ["place", "mine"]


@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_nothing_is_left_of_what_failed(tmp_path, monkeypatch, error):
    whole = package.write_whole

    def full(path, fill):
        if path.name == "b":
            raise error
        whole(path, fill)

    monkeypatch.setattr(package, "write_whole", full)
    with pytest.raises((OutputError, KeyboardInterrupt)) as raised:
        package.write({"a": "1", "b": "2"}, tmp_path / "place")
    if isinstance(error, OSError):
        assert "free some space" in str(raised.value)
    assert os.listdir(tmp_path) == []


def test_a_place_that_cannot_be_written_is_reported(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        package.write({"a": "b"}, tmp_path / "file" / "place")


def test_every_kind_has_templates_and_a_use():
    templates = Path(package.__file__).parent / "templates"
    assert {path.name for path in templates.iterdir()} == {package.SHARED, *ALL}
    assert set(package.USE) == set(ALL)
    loose = [path.name for path in templates.rglob("*") if path.is_file()]
    assert all(name.endswith(package.SUFFIX) for name in loose)
