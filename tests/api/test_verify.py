from __future__ import annotations

import json

import numpy as np
import pytest
from made import sphere

import lvmctl
from lvmctl.api.verify import verify
from lvmctl.core.errors import RunError, UsageError
from lvmctl.core.run_directory import RunDirectory
from lvmctl.data.store.writer import write_store


@pytest.fixture
def store(tmp_path):
    with write_store(tmp_path / "store", 8) as writer:
        writer.article({"title": "a"}, sphere(40, 8).astype("float32"), ["text"] * 40)
    with write_store(tmp_path / "store" / "levels" / "fine", 8) as writer:
        writer.article({"title": "a"}, sphere(60, 8).astype("float32"))
    return tmp_path / "store"


@pytest.fixture
def run(tmp_path):
    run = RunDirectory.create(tmp_path / "run", lambda run: run.write(run.config, {"a": 1}))
    run.write(run.history, [])
    return run


def test_what_was_written_is_ok(store, run):
    for path, kind, files in ((store, "store", 4), (run.path, "run", 2)):
        result = verify(path)
        assert (result.kind, result.verdict, result.files) == (kind, "OK", files)
        assert (result.faults, result.exit_code) == ((), 0)


@pytest.mark.parametrize("name", ["chunks.jsonl", "store.json", "vectors.npy", "offsets.npy"])
@pytest.mark.parametrize("place", [".", "levels/fine"])
def test_a_flipped_byte_is_named_with_its_file(store, name, place):
    path = store / place / name
    if not path.exists():
        return
    content = bytearray(path.read_bytes())
    content[-4] ^= 1
    path.write_bytes(content)
    result = verify(store)
    assert (result.verdict, result.exit_code) == ("CHANGED", 3)
    assert any(name in fault for fault in result.faults)


def test_a_damaged_row_is_a_changed_file(store):
    content = bytearray((store / "vectors.npy").read_bytes())
    content[-4:] = b"\xff\xff\x7f\x7f"  # the largest float32
    (store / "vectors.npy").write_bytes(content)
    result = verify(store)
    assert (result.verdict, result.exit_code) == ("CHANGED", 3)
    assert ["vectors.npy or offsets.npy changed since" in each for each in result.faults] == [True]


def test_a_run_that_changed_has_another_code(run):
    run.config.write_text("{}")
    (run.checkpoints / "step_00000001.pt").write_bytes(b"x")
    result = verify(run.path)
    assert (result.verdict, result.exit_code) == ("CHANGED", 4)
    assert ["config.json" in fault for fault in result.faults] == [True, False]
    assert "step_00000001.pt" in result.faults[1]


def test_stores_and_runs_of_the_door_verify_themselves(store, run):
    opened = lvmctl.open_store(store)
    assert (opened.verify(), lvmctl.Run(run.path).verify()) == (verify(store), verify(run.path))
    (store / "chunks.jsonl").write_text("")
    assert opened.verify().verdict == "CHANGED"
    with pytest.raises(UsageError, match="no recorded hashes"):
        lvmctl.open_store("synth:ar1?articles=3&chunks=4&dim=4").verify()


def test_without_a_record_nothing_is_known(store, run):
    for path in (store, run.path):
        for record in path.rglob("hashes.json"):
            record.unlink()
        assert (verify(path).verdict, verify(path).exit_code) == ("UNRECORDED", 0)


def test_what_is_neither_is_refused(tmp_path):
    with pytest.raises(RunError, match="none: no such store or run"):
        verify(tmp_path / "none")


def test_the_command_has_a_line_for_each_and_the_code_of_the_worst(store, run, run_cli):
    done = run_cli("verify", str(store), str(run.path))
    assert done.returncode == 0
    lines = [line for line in done.stdout.splitlines() if line[0] != " "]  # long ones are folded
    assert [line.split()[:2] for line in lines] == [["OK", "store"], ["OK", "run"]]
    np.save(store / "vectors.npy", -np.load(store / "vectors.npy"))
    lines = run_cli("verify", "store", cwd=store.parent).stdout.splitlines()
    assert "  store: vectors.npy or offsets.npy changed since" in lines[1]
    assert max(map(len, lines)) <= 80
    done = run_cli("verify", str(store), str(run.path), "--json")
    assert done.returncode == 3
    record = json.loads(done.stdout)
    assert record["schema"] == "lvmctl.verify/1"
    assert [each["verdict"] for each in record["results"]] == ["CHANGED", "OK"]
