"""A run of P9 is evaluated like any other."""

from __future__ import annotations

import json

from lvmctl.cli.main import run as main

DATA = "synth:topic?articles=40&chunks=24&dim=8"


def test_five_tests_and_the_ship_verdict(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    # It is timed beside a network of full size.
    monkeypatch.setattr("lvmctl.evaluation.fivecat.latency.BLOCKS", {1: (1, 1), 256: (1, 1)})
    words = ["train", "--plugin", "p9", "--data", DATA, "--epochs", "1", "--context", "5"]
    assert main([*words, "--out", "run"]) == 0, capsys.readouterr().err
    capsys.readouterr()
    code = main(["eval", "5cat", "run", "--profile", "ship", "--json"])
    shown = capsys.readouterr()
    assert code in (0, 1), shown.err
    assert json.loads(shown.out)["recipe"] == "p9"
