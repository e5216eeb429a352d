"""What is said, what is written, and that a resumed run goes on with both."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import asdict
from types import SimpleNamespace

import pytest
from edited import edited
from lvmctl_signals import plugin
from lvmctl_signals.signals import signals_of

import lvmctl

DATA = "synth:topic?articles=24&chunks=16&dim=16"
TINY = {"layers": 1, "width": 16, "heads": 2, "feedforward": 16, "min_article": 6, "windows": 64}


@pytest.fixture
def run(tmp_path):
    edited(tmp_path / "config.json").write_text('{"recipe": "p7"}')
    names = {"history": "training_history.json", "config": "config.json"}
    return SimpleNamespace(path=tmp_path, **{k: tmp_path / name for k, name in names.items()})


@pytest.fixture
def train(run, capsys):
    """``train(history, first=1)``: the hooks as a training calls them; the lines on stderr."""

    def call(history, first=1):
        for record in history[first - 1 :]:
            plugin.lvmctl_after_epoch(run, record["epoch"], record)
            run.history.write_text(json.dumps(history[: record["epoch"]]))
        plugin.lvmctl_after_run(run, {})
        out, err = capsys.readouterr()
        assert out == ""
        return err.splitlines()

    return call


def saved(run):
    return json.loads((run.path / "signals.json").read_text())


def test_a_healthy_run_has_no_signals(run, train, history):
    assert train(history()) == []
    assert saved(run) == []


def test_a_file_that_says_it_already_is_left_alone(run, train, history):
    records = history(cos_anchor=0.0)
    train(records[:1])
    before = (run.path / "signals.json").stat().st_mtime_ns
    train(records, first=2)
    assert (run.path / "signals.json").stat().st_mtime_ns == before


def test_an_epoch_that_is_done_again_counts_as_it_is_now(run, history):
    run.history.write_text(json.dumps(history(1, cos_anchor=0.0)))
    plugin.lvmctl_after_epoch(run, 1, history(1)[0])
    assert saved(run) == []


def test_each_signal_is_printed_once_and_saved(run, train, history):
    records = history(cos_next=0.1, margin=-0.1)
    signals = signals_of(records, "p7")
    assert train(records) == [signal.text for signal in signals]
    assert saved(run) == [asdict(signal) for signal in signals]
    assert [path.name for path in run.path.iterdir() if "signals" in path.name] == ["signals.json"]


def test_a_resumed_run_says_only_what_is_new(run, train, history):
    records = history(cos_next=0.1)
    lines = train(records[:3])
    run.history.write_text(json.dumps(records[:3]))  # epoch 3 is lost with its checkpoint
    lines += train(records, first=3)
    assert lines == [signal.text for signal in signals_of(records, "p7")]
    assert saved(run) == [asdict(signal) for signal in signals_of(records, "p7")]


@pytest.mark.parametrize("damage", ["", "[1, {}]", '{"a": 1}', "3", "[" * 10_000])
def test_the_file_comes_from_the_history(run, train, history, damage):
    records = history(cos_next=0.1)
    train(records)
    (run.path / "signals.json").write_text(damage)
    assert train([*records, {"epoch": 13}], first=13) == [s.text for s in signals_of(records, "p7")]
    assert saved(run) == [asdict(signal) for signal in signals_of(records, "p7")]


def test_an_epoch_that_a_kill_rule_ends_is_reported_at_the_end(run, history, capsys):
    run.history.write_text(json.dumps(history(1, cos_anchor=0.0)))
    plugin.lvmctl_after_run(run, {})
    assert "cos_anchor 0 < 0.05: drift" in capsys.readouterr().err


@pytest.mark.parametrize("damage", ["", "{}", "[null, {}]", "nonsense"])
def test_damaged_files_raise_nothing(run, damage):
    run.history.write_text(damage)
    run.config.write_text(damage)
    plugin.lvmctl_after_epoch(run, 1, {"epoch": 1})
    assert saved(run) == []


def test_a_place_that_cannot_be_written_is_reported(run, history, monkeypatch, capsys):
    def full(*_):
        raise OSError(28, "No space left on device")

    (run.path / "signals.json").write_text("[]")
    monkeypatch.setattr("os.replace", full)
    plugin.lvmctl_after_epoch(run, 1, history(1, cos_anchor=0.0)[0])
    lines = capsys.readouterr().err.splitlines()
    assert "drift" in lines[0]
    assert "signals.json: cannot be written (no space left on device)" in lines[1]
    assert (run.path / "signals.json").read_text() == "[]"
    assert not list(run.path.glob(".signals.json.*"))


def test_a_closed_stderr_stops_nothing(run, history, monkeypatch):
    def closed(*_, **__):
        raise BrokenPipeError

    monkeypatch.setattr("builtins.print", closed)
    plugin.lvmctl_after_epoch(run, 1, history(1, cos_anchor=0.0)[0])
    assert len(saved(run)) == 1


def test_the_plugin_needs_no_torch():
    code = "import sys, lvmctl_signals.plugin; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


def test_a_training_says_its_signals_and_a_resumed_one_goes_on(tmp_path, capsys):
    path = tmp_path / "a"
    lvmctl.train("p7", data=DATA, out=path, epochs=1, device="cpu", options=TINY)
    lvmctl.resume(path, epochs=6)
    history = json.loads((path / "training_history.json").read_text())
    texts = [signal.text for signal in signals_of(history, "p7")]
    out, err = capsys.readouterr()
    shown = [x for x in err.splitlines() if x.startswith(("warning: epoch", "note: epoch"))]
    assert (out, shown) == ("", texts)
    assert any("epoch 1" in text for text in texts)
    assert [s["text"] for s in json.loads((path / "signals.json").read_text())] == texts
