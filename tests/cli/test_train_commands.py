"""``lvmctl train --print-commands``: the trials of a sweep as commands, and what they leave."""

from __future__ import annotations

import json
import shlex

from cli.sweeps import FILE

SHORT = ["--epochs", "1"]


def lines(out: str) -> list[list[str]]:
    return [shlex.split(line) for line in out.splitlines()]


def test_printed_commands_train_the_sweep(sweeping, tmp_path):
    words = ["train", "--experiment", "tiny-*", *SHORT, "--set", "lr=1e-3", "--out", "a sweep"]
    code, out, err = sweeping(*words, "--print-commands")
    assert code == 0
    commands, place = lines(out), tmp_path / "a sweep"
    assert [command[:2] for command in commands] == [["lvmctl", "train"]] * 2
    assert [command[-1] for command in commands] == [str(place / f"tiny-{x}") for x in "ab"]
    assert f"--resume '{place}'" in err
    assert {path.name for path in place.iterdir()} - {".lock"} == {"grid.json"}

    assert sweeping(*commands[0][1:])[0] == 0
    code, out, _ = sweeping(*words, "--print-commands", "--json")
    assert json.loads(out) == {
        "schema": "lvmctl.train.commands/1",
        "grid": str(place),
        "commands": [shlex.join(commands[1])],
    }
    assert sweeping(*commands[1][1:])[0] == 0
    assert sweeping("train", "--resume", place, "--print-commands")[:2] == (0, "")

    code, out, err = sweeping("train", "--resume", place, "--json")
    assert code == 0
    record = json.loads(out)
    assert [member["trained"] for member in record["members"]] == [False, False]
    assert set(record["comparison"]["runs"]) == {"tiny-a", "tiny-b"}
    config = json.loads((place / "tiny-b" / "config.json").read_text())
    assert (config["options"]["lr"], config["origins"]["lr"]) == (1e-3, "--set")


def test_everything_that_is_typed_is_in_the_commands(sweeping, tmp_path):
    (tmp_path / "loss.py").write_text(
        "import torch\n\n\nclass L(torch.nn.Module):\n"
        "    def forward(self, prediction, batch, step):\n"
        "        return 1 - (prediction.q * batch.target).sum(-1)\n"
    )
    data = "synth:topic?articles=24&chunks=16&dim=16"
    words = ["--plugin", "p8", "--seed", "3-4", "--context", "4", "--loss", "./loss.py:L:0.5"]
    words += ["--train", data, "--val", f"{data}&seed=1", "--device", "cpu", "--strict-plugins"]
    code, out, _ = sweeping("train", *words, "--set", "width=16", "--out", "s", "--print-commands")
    assert code == 0
    for seed, command in zip((3, 4), lines(out)):
        assert command[:3] == ["lvmctl", "--strict-plugins", "train"]
        pairs = set(zip(command[3::2], command[4::2]))
        assert pairs == {
            ("--plugin", "p8"),
            ("--seed", str(seed)),
            ("--context", "4"),
            ("--loss", "./loss.py:L:0.5"),
            ("--train", data),
            ("--val", f"{data}&seed=1"),
            ("--device", "cpu"),
            ("--set", "width=16"),
            ("--out", str(tmp_path / "s" / f"p8_seed{seed}")),
        }


def test_an_interrupted_trial_is_gone_on_with_and_a_running_one_left_out(sweeping, tmp_path):
    from lvmctl.core.run_directory import RunDirectory

    assert "tiny-b" in FILE
    words = ["train", "--experiment", "tiny-*", "--out", "s"]
    for name in ("tiny-a", "tiny-b"):
        assert sweeping("train", "--experiment", name, *SHORT, "--out", f"s-{name}")[0] == 0
    (tmp_path / "s").mkdir()
    (tmp_path / "s-tiny-a").rename(tmp_path / "s/tiny-a")
    (tmp_path / "s/grid.json").write_text("{}")
    code, _, err = sweeping(*words, "--print-commands")
    assert code == 4
    assert "another configuration" in err

    words += SHORT
    manifest = tmp_path / "s/tiny-a/manifest.json"
    saved = json.loads(manifest.read_text()) | {"outcome": "ended: interrupted"}
    manifest.write_text(json.dumps(saved))
    code, out, _ = sweeping(*words, "--print-commands")
    assert code == 0
    assert lines(out)[0] == ["lvmctl", "train", "--resume", str(tmp_path / "s/tiny-a")]
    with RunDirectory(tmp_path / "s/tiny-a"):
        code, out, err = sweeping(*words, "--print-commands")
    assert (code, len(lines(out))) == (0, 1)
    assert "tiny-a is left out" in err
