"""Every diagnostic's screen: the verdict first, and no line longer than the others."""

from __future__ import annotations

import json

import pytest
from diagnostics.histories import published_p7

from lvmctl.core.formatting import WIDTH

DATA = "synth:topic?articles=30&chunks=14&dim=6"
SHORT = ("--min-article", "10")
ASKED = {
    "split-parity": (DATA, "--permutations", "99"),
    "leakage": (DATA,),
    "geometry": (DATA, *SHORT),
    "direction": (DATA, "--permutations", "99", "--refits", "19", "--transformer", "false"),
    "ceilings": (DATA, *SHORT),
    "feasibility": (DATA, *SHORT),
    "metrics": (DATA, *SHORT, "--articles", "20", "--chunks", "14"),
    "run": (),
    "anchor": (),
    "order": (),
}
PLUGINS = {"anchor": "lvmctl_p7", "order": "lvmctl_p8"}


@pytest.mark.parametrize("name", ASKED)
def test_a_screen_begins_with_its_verdict_and_fits(run_cli, tmp_path, name):
    if name in PLUGINS:
        pytest.importorskip(PLUGINS[name])
    words = ASKED[name]
    if not words:
        history = tmp_path / "training_history.json"
        history.write_text(json.dumps(list(published_p7().records)))
        words = ("--history", history)
    texts = {}
    for mode in ("", "--full"):
        done = run_cli("diagnose", name, *words, *filter(None, [mode]))
        assert done.returncode in (0, 1), done.stderr
        lines = done.stdout.splitlines()
        assert max(map(len, lines)) <= WIDTH
        verdict, _, sentence = lines[0].partition(": ")
        assert verdict.isupper()
        assert sentence
        texts[mode] = done.stdout
    # What is left out is named, and with --full nothing is.
    assert ("--full shows also: " in texts[""]) == (len(texts["--full"]) > len(texts[""]))
    assert "--full shows also" not in texts["--full"]


@pytest.mark.parametrize("profile", ["p8", "strict", "ship"])
def test_gates_of_every_length_fit(run_cli, profile):
    pytest.importorskip({"p8": "lvmctl_p8", "strict": "lvmctl_p6b", "ship": "lvmctl_p7"}[profile])
    done = run_cli("diagnose", "feasibility", DATA, *SHORT, "--profile", profile, "--full")
    assert done.returncode == 0, done.stderr
    assert max(map(len, done.stdout.splitlines())) <= WIDTH


def test_all_has_the_details_with_full_alone(run_cli):
    few, every = (run_cli("diagnose", "all", DATA, *mode).stdout for mode in ((), ("--full",)))
    assert "--full shows also" in few
    assert "--full shows also" not in every
    assert "Quantiles over windows\n" not in few
    assert "Quantiles over windows\n" in every
    assert max(map(len, (few + every).splitlines())) <= WIDTH
