"""The top level: what it imports, how it ends, and what it prints where."""

from __future__ import annotations

import os
import subprocess
import sys

import click
import pytest

from lvmctl.cli import main as entry
from lvmctl.cli.main import COMMANDS, cli

HEAVY = ("torch", "numpy")


def imported(*args: str, env: dict[str, str], path: str = "") -> set[str]:
    """Top-level modules in memory when ``lvmctl *args`` ends."""
    code = (
        "import sys\nfrom lvmctl.cli.main import run\n"
        f"code = run({list(args)!r})\n"
        "print('MODULES', code, *{name.partition('.')[0] for name in sys.modules})"
    )
    shown = subprocess.run(
        [sys.executable, "-c", code],
        env=env | {"PYTHONPATH": path},
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    code, *modules = shown.splitlines()[-1].split()[1:]
    assert code == "0"
    return set(modules)


def test_help_imports_only_the_plugins_that_have_commands(cli_env):
    assert imported("--help", env=cli_env).isdisjoint({*HEAVY, "lvmctl_p8"})
    assert imported("--version", env=cli_env).isdisjoint({*HEAVY, "lvmctl_p8", "pluggy"})


def test_help_without_plugins_imports_few_modules_of_ours(cli_env):
    code = (
        "import sys\nfrom lvmctl.cli.main import run\nrun(['--no-plugins', '--help'])\n"
        "print(*sorted(name for name in sys.modules if name.startswith('lvmctl')))"
    )
    command = [sys.executable, "-c", code]
    shown = subprocess.run(command, env=cli_env, capture_output=True, text=True, check=True).stdout
    assert shown.splitlines()[-1].split() == [
        "lvmctl",
        "lvmctl.cli",
        "lvmctl.cli.exit_codes",
        "lvmctl.cli.lazy",
        "lvmctl.cli.main",
        "lvmctl.cli.process",
        "lvmctl.core",
        "lvmctl.core.errors",
        "lvmctl.processes",
    ]


@pytest.mark.parametrize(
    "args",
    [
        ("plugins", "list"),
        ("plugins", "describe", "p8"),
        ("experiments", "list"),
        ("experiments", "show", "p8-pilot"),
        ("experiments", "validate"),
        ("train", "--help"),
        ("data", "--help"),
        ("doctor", "--help"),
    ],
    ids=" ".join,
)
def test_declaring_is_free_of_torch(args, cli_env):
    assert imported(*args, env=cli_env).isdisjoint(HEAVY)


def test_help_lists_every_command_with_its_own_short_help(run_cli):
    shown = run_cli("--help").stdout
    context = click.Context(cli)
    for name, lazy in COMMANDS.items():
        command = cli.get_command(context, name)
        assert command.name == name
        assert f"{name} " in shown
        assert lazy.short_help in shown


def test_a_missing_command_names_the_plugins_that_are_not_loaded(install, run_cli):
    site = install("lvmctl-bad", {"bad": "bad_pkg"}, {"bad_pkg.py": "raise OSError('gone')"})
    result = run_cli("zzzzz", path=[site])
    assert result.returncode == 2
    assert "(not loaded: bad (lvmctl-bad 1.0))" in result.stderr


def test_version(run_cli):
    assert run_cli("--version").stdout.startswith("lvmctl 0.")


@pytest.mark.parametrize(
    ("args", "line"),
    [
        (["trian"], "error: no command 'trian'; did you mean 'train'?"),
        (["zzzzz"], "error: no command 'zzzzz'; there are data, train, eval, diagnose, "),
        (["--no-such"], "error: No such option '--no-such'; see `lvmctl --help`"),
        (["plugins", "list", "extra"], "see `lvmctl plugins list --help`"),
        (["plugins", "list", "--kind", "lossy"], "'lossy' is not one of"),
        (["experiments", "show"], "Missing argument 'NAME'"),
        (["experiments", "show", "p8-pilto"], "did you mean 'p8-pilot'"),
    ],
)
def test_a_usage_error_is_one_line_and_code_2(args, line, run_cli):
    result = run_cli(*args)
    assert result.returncode == 2
    assert result.stdout == ""
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("error: ")
    assert line in result.stderr


def test_without_arguments_the_help_is_shown(run_cli):
    result = run_cli()
    assert result.returncode == 2
    assert "Commands:" in result.stderr


def test_a_small_machine_waits_passively(monkeypatch):
    for cores, policy, spins in ((2, "PASSIVE", "10000"), (64, None, None)):
        for name in ("OMP_WAIT_POLICY", "GOMP_SPINCOUNT"):
            monkeypatch.setenv(name, "restored when the test ends")
            del os.environ[name]
        monkeypatch.setattr(os, "cpu_count", lambda cores=cores: cores)
        with pytest.raises(SystemExit):
            entry.main(["--version"])
        assert os.environ.get("OMP_WAIT_POLICY") == policy
        assert os.environ.get("GOMP_SPINCOUNT") == spins


def test_a_command_of_a_plugin_may_be_contested(install, run_cli):
    text = (
        "from lvmctl import CommandSpec, hookimpl, option\nimport click\n"
        "@hookimpl\ndef lvmctl_commands():\n"
        "    return [CommandSpec(name='greet', summary='s', target=__name__ + ':greet')]\n"
        "@click.command()\ndef greet():\n    click.echo(__name__)\n"
    )
    site = install("lvmctl-a", {"a": "a_pkg"}, {"a_pkg.py": text})
    install("lvmctl-b", {"b": "b_pkg"}, {"b_pkg.py": text})
    result = run_cli("greet", path=[site])
    assert result.returncode == 2
    assert "declared by lvmctl-a 1.0 and lvmctl-b 1.0" in result.stderr
    assert run_cli("b/greet", path=[site]).stdout == "b_pkg\n"


def test_a_shell_may_ask_for_completions(run_cli):
    shell = {"_LVMCTL_COMPLETE": "bash_complete", "COMP_WORDS": "lvmctl exp", "COMP_CWORD": "1"}
    assert run_cli(env=shell).stdout == "plain,experiments\n"
