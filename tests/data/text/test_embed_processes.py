"""Several processes embed one store together."""

from __future__ import annotations

import signal

import forked
import pytest
from data.text.lengths import everything, place

from lvmctl.data.text.unfinished import BLOCK, Unfinished

pytestmark = pytest.mark.skipif(not forked.is_possible(), reason="needs fork")


def test_several_processes_go_on_with_what_others_left(run_cli, cli_env, texts, tmp_path):
    """Three processes, one of which is killed, then two: the bytes of one process."""
    words = ["data", "embed", "texts", "--encoder", "lengths.py:Lengths", "--out"]
    assert run_cli(*words, "whole").returncode == 0
    dying = cli_env | {"DIES": "3", "DYING": "1"}
    ends = forked.torchrun([*words, "out"], tmp_path, dying, tmp_path / "first", count=3)
    assert [end.returncode for end in ends] == [6, -signal.SIGKILL, 6]
    (line,) = [line for end in ends for line in end.stderr.splitlines() if "error" in line]
    assert "another of the 3 processes ended" in line
    assert not (tmp_path / "out").exists()
    done = Unfinished(place(tmp_path / "out")).done
    assert 0 < done < BLOCK * 7 // 10 * 10
    ends = forked.torchrun([*words, "out"], tmp_path, cli_env, tmp_path / "second")
    assert [end.returncode for end in ends] == [0, 0]
    assert f"{done} of {BLOCK * 7 // 10 * 10} chunks were encoded before" in ends[0].stderr
    assert (ends[0].stdout != "", ends[1].stdout, ends[1].stderr) == (True, "", "")
    assert everything(tmp_path / "out") == everything(tmp_path / "whole")
    assert not place(tmp_path / "out").exists()


def test_an_encoder_is_fitted_once_for_all_processes(run_cli, cli_env, texts, tmp_path):
    options = ("dim=2", "min_texts=1", "max_share=1.0")
    words = ["data", "embed", "texts", *(word for each in options for word in ("--set", each))]
    words += ["--rows-per-file", "500", "--out"]
    assert run_cli(*words, "whole").returncode == 0
    ends = forked.torchrun([*words, "out"], tmp_path, cli_env, tmp_path / "streams")
    assert [end.returncode for end in ends] == [0, 0]
    assert everything(tmp_path / "out") == everything(tmp_path / "whole")


def test_one_of_several_processes_says_what_is_wrong(cli_env, tmp_path):
    ends = forked.torchrun(["data", "embed", "none", "--out", "x"], tmp_path, cli_env, tmp_path)
    (line,) = [line for end in ends for line in end.stderr.splitlines()]
    assert "none: no such file or folder" in line
    assert {end.returncode for end in ends} <= {3, 6}
    assert not place(tmp_path / "x").exists()
