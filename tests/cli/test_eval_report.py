"""``lvmctl eval report`` as it is typed."""

from __future__ import annotations

import json
from pathlib import Path

from report.saved import write_run
from training.small import DATA, TINY

from lvmctl.evaluation.fivecat.rendering import tally

SMALL = [word for key, value in TINY.items() for word in ("--set", f"{key}={value}")]


def test_a_trained_run_is_evaluated_and_reported(typed):
    run = Path("runs/first")
    code, *_ = typed(
        "train", "--plugin", "p8", "--data", DATA, "--epochs", "1", *SMALL, "--out", run
    )
    assert code == 0
    code, out, err = typed("eval", "report", "--json")
    assert code == 0, err
    assert "there is no 5cat_results.json yet; evaluating as `lvmctl eval 5cat runs/first`" in err
    record = json.loads(out)
    assert record["schema"] == "lvmctl.eval.report/1"
    assert (record["out"], record["runs"]) == ("runs/first/report.html", ["runs/first"])
    sections = record["sections"]["runs/first"]
    assert {"verdict", "training", "offsets", "margins", "ranks", "weights"} <= set(sections)
    assert {"ablations", "coherence", "provenance"} <= set(sections)
    page = (run / "report.html").read_text(encoding="utf-8")
    result = json.loads((run / "5cat_results.json").read_text())
    assert tally(result["verdict"]) in page
    assert DATA.replace("&", "&amp;") in page

    before = (run / "5cat_results.json").read_bytes()
    code, out, err = typed("eval", "report")
    assert (code, out, err) == (0, "runs/first/report.html\n", "")
    assert (run / "5cat_results.json").read_bytes() == before


def test_faults_are_one_line_and_have_their_codes(typed, tmp_path):
    code, _, err = typed("eval", "report")
    assert (code, err.partition(";")[0]) == (4, "error: runs: there is no finished run")
    write_run(tmp_path / "runs" / "a")
    code, _, err = typed("eval", "report", "a", "a", "--out", "x.html")
    assert (code, err.count("\n")) == (2, 1)
    Path("x.html").write_text("precious")
    code, _, err = typed("eval", "report", "a", "--out", "x.html")
    assert (code, err) == (
        6,
        "error: x.html: already exists; choose another --out, or add --force\n",
    )
    Path("runs/a/5cat_results.json").write_text("{")
    code, _, err = typed("eval", "report", "a")
    assert (code, err.count("\n")) == (4, 1)
    assert "runs/a/5cat_results.json: is not JSON" in err


def test_without_matplotlib_one_line_says_what_to_install(run_cli, tmp_path):
    write_run(tmp_path / "runs" / "a")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "matplotlib.py").write_text("raise ImportError('No module named matplotlib')")
    done = run_cli("eval", "report", "a", path=[hidden], fresh=True)
    assert done.returncode == 2
    assert done.stderr == (
        "error: the report's plots need matplotlib (No module named matplotlib); "
        "pip install 'lvmctl[report]'\n"
    )


def test_it_is_silent_where_matplotlib_cannot_keep_its_cache_and_needs_no_torch(run_cli, tmp_path):
    write_run(tmp_path / "runs" / "a")
    hidden = tmp_path / "hidden"
    hidden.mkdir()
    (hidden / "torch.py").write_text("raise ImportError('not needed')")
    nowhere = {
        "MPLCONFIGDIR": "/dev/null/cache",
        "HOME": "/dev/null",
        "XDG_CACHE_HOME": "/dev/null",
    }
    done = run_cli("eval", "report", "a", env=nowhere, path=[hidden], fresh=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "runs/a/report.html\n", "")
