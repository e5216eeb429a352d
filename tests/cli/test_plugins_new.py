"""``lvmctl plugins new``."""

from __future__ import annotations

import json

import pytest

from lvmctl.scaffold.package import USE


def test_it_writes_a_package_and_says_what_to_type(run_cli, tmp_path):
    done = run_cli("plugins", "new", "loss", "angular-margin")
    assert (done.returncode, done.stderr) == (0, "")
    first, _, *lines = done.stdout.splitlines()
    assert first.startswith("lvmctl-angular-margin (loss, 6 files)")
    assert lines == [
        "pip install -e ./lvmctl-angular-margin",
        "lvmctl plugins check angular-margin",
        "pytest ./lvmctl-angular-margin",
        "lvmctl train --plugin plain --loss angular-margin:0.5",
    ]
    assert (tmp_path / "lvmctl-angular-margin/lvmctl_angular_margin/loss.py").is_file()


def test_json(run_cli, tmp_path):
    done = run_cli("plugins", "new", "gate", "house", "--out", "plugins/house", "--json")
    record = json.loads(done.stdout)
    assert record["schema"] == "lvmctl.plugins.new/1"
    assert (record["kind"], record["name"], record["path"]) == ("gate", "house", "plugins/house")
    place = tmp_path / "plugins/house"
    assert set(record["files"]) == {
        str(path.relative_to(place)) for path in place.rglob("*") if path.is_file()
    }
    assert record["next"][-1] == "lvmctl eval 5cat --profile house"


def test_nothing_is_overwritten(run_cli, tmp_path):
    (tmp_path / "lvmctl-mine").mkdir()
    done = run_cli("plugins", "new", "loss", "mine")
    assert done.returncode == 6
    assert done.stderr.count("\n") == 1
    assert "lvmctl-mine: already exists; choose another --out" in done.stderr
    assert list((tmp_path / "lvmctl-mine").iterdir()) == []


@pytest.mark.parametrize(
    ("kind", "name", "message"),
    [
        ("loss", "Angular Margin", "did you mean angular-margin?"),
        ("loss", "listwise", "'listwise' is taken by loss p8/listwise; choose another"),
        ("command", "train", "'train' is taken by command train of lvmctl itself"),
        ("diagnostic", "all", "'all' is taken by diagnostic all of lvmctl itself"),
        ("los", "mine", "'los' is not one of"),
    ],
)
def test_what_cannot_be_is_refused(run_cli, tmp_path, kind, name, message):
    done = run_cli("plugins", "new", kind, name)
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert message in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_name_of_a_broken_plugin_is_taken_too(run_cli, install):
    site = install("lvmctl-bad", {"bad": "bad_pkg"}, {"bad_pkg.py": "raise OSError('gone')"})
    done = run_cli("plugins", "new", "loss", "bad", path=[site])
    assert done.returncode == 2
    assert "taken by plugin bad (lvmctl-bad 1.0)" in done.stderr


def test_a_name_whose_distribution_is_there_is_taken_too(run_cli, install):
    text = "from lvmctl import \n"
    site = install("lvmctl-mine", {"other": "mine_pkg"}, {"mine_pkg.py": text})
    done = run_cli("plugins", "new", "loss", "mine", path=[site])
    assert "'mine' is taken by plugin other (lvmctl-mine 1.0)" in done.stderr


def test_the_help_names_every_kind(run_cli):
    text = run_cli("plugins", "new", "--help").stdout
    assert [kind for kind in USE if kind not in text] == []
