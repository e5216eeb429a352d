"""``lvmctl plugins check``: what it shows, how it exits, what it can be asked."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest
import tomli

LOSS = """
    import torch

    class Far(torch.nn.Module):
        'One minus the cosine, or its opposite.'
        sign = {sign}

        def forward(self, prediction, batch, step):
            cosine = (prediction.q * batch.target).sum(-1)
            return 1 - self.sign * cosine
"""


@pytest.fixture
def write(tmp_path):
    """``write(sign)`` writes a loss that is sound for 1 and upside down for -1."""

    def make(sign: int) -> str:
        (tmp_path / f"far{sign}.py").write_text(textwrap.dedent(LOSS).format(sign=sign))
        return f"far{sign}.py:Far"

    return make


def test_a_sound_plugin_passes(run_cli):
    done = run_cli("plugins", "check", "example")
    assert done.returncode == 0, done.stderr
    first, header, *rows = done.stdout.splitlines()
    assert first == "plugin example"
    assert header.split() == ["CHECK", "RESULT", "WHY"]
    assert "loss geodesic" in rows
    assert rows[-1].endswith("passed, 0 failed, 1 skipped")
    assert "The gradient" not in done.stdout
    assert "The gradient" in run_cli("plugins", "check", "example", "-v").stdout


def test_a_broken_one_fails_with_the_reason_and_exit_code_1(write, run_cli):
    done = run_cli("plugins", "check", "--kind", "loss", write(-1), "--json")
    assert done.returncode == 1
    record = json.loads(done.stdout)
    assert record["schema"] == "lvmctl.plugins.check/1"
    (failed,) = [each for each in record["checks"] if each["status"] == "fail"]
    assert failed["check"] == "target_scores_best"
    assert failed["why"]
    assert failed["rule"].endswith(".")
    assert record["summary"]["fail"] == 1
    assert run_cli("plugins", "check", "--kind", "loss", write(1)).returncode == 0


def test_options_of_a_record(run_cli):
    done = run_cli("plugins", "check", "p8/listwise", "--set", "temperature=0.5")
    assert done.returncode == 0, done.stdout
    wrong = run_cli("plugins", "check", "p8/listwise", "--set", "temprature=0.5")
    assert wrong.returncode == 2
    assert "temperature" in wrong.stderr
    several = run_cli("plugins", "check", "p8", "--set", "temperature=0.5")
    assert several.returncode == 2
    assert "name the record" in several.stderr


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["p88"], "did you mean 'p8'?"),
        (["gone.py:Far", "--kind", "loss"], "gone.py: no such file"),
        (["gone.py:Far"], "add --kind loss"),
        ([], "NAME"),
    ],
)
def test_what_cannot_be_checked_is_one_line(run_cli, words, message):
    done = run_cli("plugins", "check", *words)
    assert done.returncode == 2
    assert message in done.stderr


WITHOUT = """
import sys
missing = sys.argv[1].split(",")
class Missing:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in missing:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Missing())
from lvmctl.cli.main import run
sys.exit(run(["plugins", "check", "example"]))
"""
PROJECT = tomli.loads((Path(__file__).parents[2] / "pyproject.toml").read_text(encoding="utf-8"))
EXTRAS = {
    extra: {re.match(r"[\w-]+", line)[0].replace("-", "_") for line in lines}
    for extra, lines in PROJECT["project"]["optional-dependencies"].items()
}


@pytest.fixture
def without(cli_env):
    """``without(packages)`` checks a plugin where these packages are not installed."""

    def run(packages):
        words = [sys.executable, "-c", WITHOUT, ",".join(packages)]
        return subprocess.run(words, env=cli_env, capture_output=True, text=True)

    return run


@pytest.mark.parametrize("package", sorted(EXTRAS["check"]))
def test_what_is_missing_is_named_with_the_extra_that_has_it(without, package):
    done = without([package])
    assert done.returncode == 2
    assert done.stderr == f"error: the checks need {package}; pip install 'lvmctl[check]'\n"


def test_the_extra_has_all_that_is_needed(without):
    others = set.union(*EXTRAS.values()) - EXTRAS["check"]
    assert {"pytest", "matplotlib"} <= others
    done = without(others)
    assert done.returncode == 0, done.stderr
