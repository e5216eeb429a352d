"""An error in a plugin's or a user's own code names its file and line."""

from __future__ import annotations

import textwrap

import pytest
from training.small import DATA, TINY

from lvmctl.cli.main import run as command
from lvmctl.registry import configure, load_registry

SMALL = [f"--set={key}={value}" for key, value in TINY.items()]
TRAIN = ["train", "--plugin", "p8", "--data", DATA, "--epochs", "1", *SMALL, "--out", "run"]
PLUGIN = """\
from lvmctl import CommandSpec, DiagnosticSpec, EncoderSpec, LossSpec, ModelSpec, hookimpl
LVMCTL_API = 2

@hookimpl
def lvmctl_losses():
    return [LossSpec(name="odd", summary="A loss.", target="odd_pkg.parts:Loss")]

@hookimpl
def lvmctl_models():
    return [ModelSpec(name="odd", summary="A model.", target="odd_pkg.parts:Model")]

@hookimpl
def lvmctl_diagnostics():
    return [DiagnosticSpec(name="odd", summary="A diagnostic.", target="odd_pkg.parts:Diagnostic")]

@hookimpl
def lvmctl_encoders():
    return [EncoderSpec(name="odd", summary="An encoder.", target="odd_pkg.parts:Encoder")]

@hookimpl
def lvmctl_commands():
    return [CommandSpec(name="odd", summary="A command.", target="odd_pkg.parts:say")]

@hookimpl
def lvmctl_before_run(run):
    int("no number")  # the hook
"""
PARTS = """\
import click
import torch
from odd_pkg import deeper

class Loss(torch.nn.Module):
    def __init__(self, options, shape):
        super().__init__()

    def forward(self, prediction, batch, step):
        deeper.fails()

class Model(torch.nn.Module):
    def __init__(self, options, shape):
        raise ValueError("too deep")  # the model

class Diagnostic:
    def __init__(self, options):
        pass

    def __call__(self, subject, screen):
        return {}["nothing"]  # the diagnostic

class Encoder:
    def __init__(self, options):
        pass

    def recipe(self):
        return {"name": "odd"}

    def encode(self, texts):
        return texts[0].no_such_method()  # the encoder

@click.command()
@click.argument("how")
def say(how):
    if how == "usage":
        raise click.UsageError("say it otherwise")
    if how == "exit":
        click.get_current_context().exit(3)
    1 / 0  # the command
"""
DEEPER = "import torch\n\ndef fails():\n    torch.zeros(2) @ torch.zeros(3)  # the loss\n"


def line_of(text: str, mark: str) -> int:
    """The number of the line that holds ``mark``."""
    return next(n for n, line in enumerate(text.splitlines(), 1) if mark in line)


@pytest.fixture
def typed(tmp_path, monkeypatch, capsys):
    """``typed(*words)``: the exit code and the last line on stderr of a command in this process."""
    monkeypatch.chdir(tmp_path)

    def run(*words):
        code = command([str(word) for word in words])
        return code, capsys.readouterr().err

    return run


@pytest.fixture
def odd(install, monkeypatch):
    """Install a plugin each part of which fails."""

    def make(declaration=PLUGIN, parts=PARTS):
        files = {"plugin.py": declaration, "parts.py": parts, "deeper.py": DEEPER}
        files = {f"odd_pkg/{name}": text for name, text in files.items()}
        site = install("lvmctl-odd", {"odd": "odd_pkg.plugin"}, files)
        monkeypatch.syspath_prepend(str(site))
        configure()
        return site / "odd_pkg"

    yield make
    configure()


EMBED = ["data", "embed", "a.txt", "--out", "store", "--encoder", "odd"]


@pytest.mark.parametrize(
    ("words", "kind"),
    [
        ([*TRAIN, "--loss", "odd"], "loss"),
        ([*TRAIN, "--model", "odd"], "model"),
        (["diagnose", "odd", DATA], "diagnostic"),
        (EMBED, "encoder"),
        (["odd", "fail"], "command"),
    ],
    ids=["loss", "model", "diagnostic", "encoder", "command"],
)
def test_a_part_that_fails(odd, typed, tmp_path, words, kind):
    package = odd()
    (tmp_path / "a.txt").write_text("Some text.\n\nAnd some more.\n")
    code, line = typed(*words)
    file, text = ("deeper.py", DEEPER) if kind == "loss" else ("parts.py", PARTS)
    last = line.splitlines()[-1]
    assert code == 2
    assert last.startswith(f"error: {kind} odd of plugin odd (lvmctl-odd 1.0): it failed with ")
    assert f"({package.relative_to(tmp_path)}/{file}:{line_of(text, f'# the {kind}')}); " in last


def test_a_command_that_ends_as_it_wants_is_no_failure(odd, typed):
    odd()
    assert typed("odd", "usage") == (2, "error: say it otherwise; see `lvmctl odd --help`\n")
    assert typed("odd", "exit") == (3, "")


def test_a_hook_that_fails(odd, typed, tmp_path):
    package = odd()
    code, output = typed(*TRAIN)
    assert code == 0
    (line,) = [line for line in output.splitlines() if "its hooks are left out" in line]
    assert "plugin odd (lvmctl-odd 1.0): lvmctl_before_run failed with ValueError" in line
    place = f"{package.relative_to(tmp_path)}/plugin.py:{line_of(PLUGIN, '# the hook')}"
    assert f"({place}); its hooks" in line


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("LVMCTL_API = 2", "LVMCTL_API = 1 / 0"),
        ("LVMCTL_API = 2", "LVMCTL_API = = 1"),
        ("    return [LossSpec(", "    return [LossSpec(summry='', "),
        ("def lvmctl_losses():", "def lvmctl_loses():"),
        ('name="odd", summary="A loss."', 'name="O d", summary="A loss."'),
    ],
)
def test_a_declaration_that_fails(odd, old, new):
    text = PLUGIN.replace(old, new, 1)
    package = odd(text)
    (plugin,) = [plugin for plugin in load_registry().plugins if plugin.name == "odd"]
    assert plugin.status == "broken"
    lines = {line_of(text, new), line_of(text, new) - 1}  # a function begins at its decorator
    if "O d" in new:
        lines = {line_of(text, "def lvmctl_losses") - 1}
    places = {f"({package}/plugin.py:{line})" for line in lines}
    assert any(plugin.error.endswith(place) for place in places), plugin.error
    assert "\n" not in plugin.error


def test_a_target_that_cannot_be_imported(odd, typed, tmp_path):
    text = PARTS.replace("class Loss", "torch.no_such_thing\nclass Loss")
    package = odd(parts=text)
    code, line = typed(*TRAIN, "--loss", "odd")
    assert code == 2
    assert "loss 'odd' of plugin odd (lvmctl-odd 1.0) cannot be loaded from odd_pkg.parts" in line
    assert f"({package.relative_to(tmp_path)}/parts.py:{line_of(text, 'no_such_thing')})" in line


FILE = """
import torch
import beside

class Mine(torch.nn.Module):
    'A loss of my own.'
    needs = ("target",)

    def __init__(self, options, shape):
        super().__init__()

    def forward(self, prediction, batch, step):
        return beside.loss(prediction)
"""


@pytest.mark.parametrize(
    ("file", "beside", "place", "message"),
    [
        (FILE + "oh no\n", "", "mine.py:14", "cannot be imported: SyntaxError: invalid syntax"),
        (FILE, "x = = 1\n", "beside.py:1", "cannot be imported: SyntaxError: invalid syntax"),
        (FILE, "\nx = y\n", "beside.py:2", "NameError: name 'y' is not defined"),
        (FILE, "def loss(prediction):\n    return prediction.p\n", "beside.py:2", "AttributeError"),
        (FILE.replace("shape", "width"), "", "mine.py:5", "TypeError: it has a parameter 'width'"),
    ],
    ids=["syntax", "syntax beside", "import beside", "forward beside", "arguments"],
)
def test_a_file_of_ones_own(typed, tmp_path, monkeypatch, file, beside, place, message):
    (tmp_path / "mine.py").write_text(textwrap.dedent(file))
    (tmp_path / "beside.py").write_text(beside)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(__import__("sys").modules, "beside", raising=False)
    code, last = typed(*TRAIN, "--loss", "mine.py:Mine")
    assert code == 2
    assert message in last
    assert f"({place}); correct it" in last
