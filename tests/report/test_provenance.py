from __future__ import annotations

from report.saved import fivecat

from lvmctl.report.provenance import data_rows, latency_rows, origin_rows, section, shown


def test_latency_is_shown_of_the_run_and_of_the_reference():
    latency = fivecat()["latency"]
    latency["batch_1"]["score"] = {"p50": 0.5, "p95": 0.6}
    rows = list(latency_rows(latency))
    assert rows[0] == ("1", "prediction", "1.100", "1.300")
    assert rows[1] == ("1", "free model of the same size", "1.000", "1.250")
    assert rows[2] == ("1", "own score", "0.500", "0.600")
    assert rows[3] == ("256", "prediction", "99.000", "117.000")
    assert rows[-1] == (
        "ratio",
        "median over blocks, the larger, and its 95 % interval",
        "1.100 [1.050, 1.200]",
        "",
    )


def test_data_is_shown_with_its_hashes(make_inputs):
    rows = list(data_rows(make_inputs()))
    sha = "sha256:" + "4e" * 32
    assert rows[0] == ("evaluated", "stores/books@val", "5,200", "130", sha, "9c" * 32)
    assert rows[1][:2] == ("baselines learned from", "stores/books@train")
    assert rows[2] == ("training, train", "stores/books@train", "", "", sha, "")


def test_the_manifest_is_shown_whole_but_for_the_data():
    rows = dict(
        origin_rows(
            {
                "argv": ["lvmctl", "train", "--data", "my store"],
                "seed": 3,
                "git_commit": None,
                "backend": {"device": "cpu", "threads": 2},
                "resumed": {"argv": ["lvmctl", "--resume"], "started": "today"},
                "splits": {"train": {}},
            }
        )
    )
    assert rows == {
        "argv": "lvmctl train --data 'my store'",
        "seed": "3",
        "git_commit": "null",
        "backend": "device cpu, threads 2",
        "resumed": "argv lvmctl --resume, started today",
    }
    assert shown("note", "é") == "é"


def test_without_a_manifest_it_says_what_that_means():
    assert list(origin_rows({})) == [
        ("manifest.json", "there is none: the training cannot be repeated from here")
    ]


def test_options_are_shown_with_their_origin_and_the_command_that_measures_again(make_inputs):
    inputs = make_inputs()
    body = section(inputs).body
    assert "<summary>2 options</summary>" in body
    assert '<th scope="row">epochs</th><td data-label="value">6</td>' in body
    words = f"lvmctl eval 5cat {inputs.run.path} --profile fair --ablation-windows 2000"
    assert f"<code>{words}</code>" in body


def test_what_was_asked_for_is_asked_again(make_inputs):
    made = fivecat()["made"] | {"published_rules": True, "data": "my store", "train": ["a", "b"]}
    result = fivecat() | {"made": made | {"max_windows": 9}}
    body = str(section(make_inputs(result)).body)
    options = "--published-rules --data &#39;my store&#39; --max-windows 9 --ablation-windows 2000"
    assert f"{options} --train a --train b</code>" in body
