"""``lvmctl runs export`` and ``import`` as they are typed; what they write is tested in
``tests/api``."""

from __future__ import annotations

import json

import pytest
from api.conftest import trained
from training.small import TINY


@pytest.fixture(scope="module")
def p8_run(tmp_path_factory):
    return trained(tmp_path_factory.mktemp("cli") / "p8", "p8", TINY | {"epochs": 1})


def test_a_run_leaves_and_comes_back(lvmctl, p8_run):
    words = ("runs", "export", p8_run, "--out", "shared", "--no-onnx", "--license", "mit")
    lines = lvmctl(*words).out.splitlines()
    assert lines[0].startswith("shared: ")
    assert {line.split()[0] for line in lines[1:]} >= {"README.md", "model.safetensors"}
    assert "already exists" in lvmctl(*words, code=6).err
    record = json.loads(lvmctl(*words, "--force", "--json").out)
    assert (record["schema"], record["path"]) == ("lvmctl.runs.export/1", "shared")
    assert record["files"]["config.json"] > 0
    assert lvmctl("runs", "import", "shared").out.splitlines()[-1].endswith("runs/shared")
    assert "finished" in lvmctl("runs", "show", "runs/shared").out
    record = json.loads(lvmctl("runs", "import", "shared", "--force", "--json").out)
    assert record["schema"] == "lvmctl.runs.import/1"
    assert (record["run"], record["recipe"]) == ("runs/shared", "p8")
    assert "already exists" in lvmctl("runs", "import", "shared", code=6).err
    assert "has no checkpoints" in lvmctl("train", "--resume", "runs/shared", code=4).err


def test_bad_input(lvmctl, p8_run):
    assert "--out" in lvmctl("runs", "export", p8_run, code=2).err
    assert "no such run" in lvmctl("runs", "export", "nothing", "--out", "x", code=4).err
    assert "not an exported run" in lvmctl("runs", "import", p8_run, code=4).err
    assert "no such folder" in lvmctl("runs", "import", "nothing", code=4).err
