"""What a shell is offered after TAB, asked through click's own completion classes."""

from __future__ import annotations

import time
from pathlib import Path

import pytest
from click.shell_completion import BashComplete, CompletionItem, get_completion_class
from report.saved import write_run

from lvmctl.cli.complete import WORLDS
from lvmctl.cli.main import cli
from lvmctl.config import load_experiments
from lvmctl.data.synthetic import worlds
from lvmctl.registry import load_registry


@pytest.fixture(autouse=True)
def stores(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def items(line: str) -> list[CompletionItem]:
    """What is offered at the end of a line; its last word is being typed."""
    *words, incomplete = line.split(" ")
    return BashComplete(cli, {}, "lvmctl", "_LVMCTL_COMPLETE").get_completions(words, incomplete)


def offered(line: str) -> list[str]:
    return [item.value for item in items(line) if item.type == "plain"]


@pytest.mark.parametrize(
    ("line", "some"),
    [
        ("", {"train", "runs", "eval"}),
        ("eval ", {"5cat", "report"}),
        ("diagnose f", {"feasibility"}),
        ("train --plugin p", {"p8", "plain"}),
        ("train --model f", {"free"}),
        ("train --loss c", {"cosine"}),
        ("eval 5cat --profile f", {"fair"}),
        ("eval compare --against w", {"wiener"}),
        ("diagnose feasibility --profile f", {"fair"}),
        ("data embed --encoder l", {"lsa"}),
        ("plugins describe p", {"p8", "plain", "previous-repel"}),
        ("plugins list --provider p", {"p8"}),
        ("runs list --recipe p", {"p8", "plain"}),
        ("runs remove --", {"--yes", "--json"}),
    ],
)
def test_names_of_commands_and_parts(line, some):
    names = offered(line)
    assert some <= set(names)
    assert all(name.startswith(line.rpartition(" ")[2]) for name in names)


def test_parts_say_what_they_are():
    record = load_registry().get("recipe", "p8").record
    assert {item.value: item.help for item in items("train --plugin p")}["p8"] == record.summary


def test_experiments():
    assert offered("train --experiment ") == load_experiments().names()
    Path("mine.toml").write_text('[books]\nrecipe = "p8"\n')
    assert offered("experiments show --file mine.toml b") == ["books"]


@pytest.mark.parametrize(
    "line",
    [
        *("eval 5cat ", "eval retrieval ", "eval direction ", "eval compare a ", "eval report "),
        *("diagnose run ", "diagnose all --run ", "runs show ", "runs remove ", "train --resume "),
    ],
)
def test_runs(line):
    write_run(Path("runs/p8_a"))
    write_run(Path("runs/p9"))
    write_run(Path("runs/sweep/p7"))
    Path("runs/sweep/grid.json").touch()
    sweeps = {"sweep"} if "remove" in line or "resume" in line else set()
    assert set(offered(line)) == {"p8_a", "p9", "sweep/p7"} | sweeps
    assert offered(f"{line}p8") == ["p8_a"]
    assert [(item.type, item.value) for item in items(f"{line}other/")] == [("file", "other/")]


@pytest.mark.parametrize(
    "line", ["train --data ", "eval 5cat --ood ", "diagnose leakage ", "data info "]
)
def test_sources(line, stores):
    for place in ("books", "stores/essays"):
        Path(place).mkdir(parents=True)
        Path(place, "store.json").touch()
    Path("windows.npz").touch()
    Path("notes").mkdir()
    assert set(offered(line)) == {"books", "stores/essays", "windows.npz"}
    assert offered(f"{line}stores/") == ["stores/essays"]
    assert offered(f"{line}{stores}/b") == [f"{stores}/books"]
    assert [item.type for item in items(f"{line}no")] == ["file"]
    assert offered(f"{line}syn") == [f"synth:{world}" for world in WORLDS]


def test_worlds_are_those_there_are():
    assert WORLDS == worlds.WORLDS


def test_what_fails_offers_nothing(run_cli):
    Path("experiments.toml").write_text("not TOML")
    assert offered("train --experiment ") == []
    shell = {"_LVMCTL_COMPLETE": "bash_complete", "COMP_WORDS": "lvmctl zzz x", "COMP_CWORD": "2"}
    for env in (shell, shell | {"COMP_WORDS": "lvmctl train --plugin x"}):
        done = run_cli(env=env)
        assert (done.stdout.strip(), done.stderr) == ("", "")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script_and_its_answers(shell, run_cli, stores, monkeypatch):
    write_run(stores / "runs" / "p8_a")
    (stores / "torch.py").write_text("raise ImportError('not needed')")
    (stores / "numpy.py").write_text("raise ImportError('not needed')")
    done = run_cli(env={"_LVMCTL_COMPLETE": f"{shell}_source"})
    assert (done.returncode, "_lvmctl_completion" in done.stdout) == (0, True)
    assert f"_LVMCTL_COMPLETE={shell}_complete" in done.stdout
    for words, word in (("eval report p8", "p8_a"), ("train --plugin p", "p8"), ("ru", "runs")):
        incomplete = words.rpartition(" ")[2]
        cursor = incomplete if shell == "fish" else str(len(words.split()))
        env = {
            "_LVMCTL_COMPLETE": f"{shell}_complete",
            "COMP_WORDS": f"lvmctl {words}",
            "COMP_CWORD": cursor,
        }
        done = run_cli(env=env, path=[stores])
        assert (done.returncode, done.stderr) == (0, "")
        assert word in done.stdout.replace(",", "\n").replace("\t", "\n").splitlines()
    assert get_completion_class(shell) is not None


def test_a_command_of_a_plugin_is_offered(plugged):
    text = (
        "from lvmctl import CommandSpec, hookimpl\n"
        "@hookimpl\ndef lvmctl_commands():\n"
        "    return [CommandSpec(name='greet', summary='Say it.', target='x:y')]\n"
    )
    plugged("lvmctl-a", {"a": "a_pkg"}, {"a_pkg.py": text})
    assert offered("gre") == ["greet"]


def test_a_thousand_runs_are_offered_at_once():
    for number in range(1000):
        place = Path(f"runs/run{number:04}")
        place.mkdir(parents=True)
        (place / "config.json").touch()
    begin = time.process_time()
    assert len(offered("eval report run")) == 1000
    assert time.process_time() - begin < 2
