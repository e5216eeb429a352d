import os

import pytest

import lvmctl
from lvmctl.core.errors import DataError, RunError
from lvmctl.core.json_input import MAX_DEPTH, fault_of, parse_json, read_json, require
from lvmctl.core.run_directory import RunDirectory


@pytest.mark.parametrize("content", ['{"a": [1, "é"]}', '\ufeff{"a": [1, "é"]}'.encode()])
def test_json_is_parsed_with_and_without_a_mark(content):
    assert parse_json(content, "f", DataError) == {"a": [1, "é"]}


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("{", "f: is not JSON"),
        ("[1,\n2,\n", "f:3: is not JSON|f:2: is not JSON"),
        (b'"\xff"', r"is not UTF-8 \(byte 1\)"),
        ("[" * 100_000, "endless brackets"),
        ("9" * 5000, "is not JSON that can be read"),
        ("[" * (MAX_DEPTH + 1) + "]" * (MAX_DEPTH + 1), f"more than {MAX_DEPTH} brackets"),
        ('{"a":' * 500 + "1" + "}" * 500, f"more than {MAX_DEPTH} brackets"),
    ],
)
def test_what_is_no_json_is_one_line_with_the_hint(content, what):
    with pytest.raises(RunError, match=what) as error:
        parse_json(content, "f", RunError, "restore it")
    assert str(error.value).endswith("; restore it")
    assert "\n" not in str(error.value)


def test_brackets_up_to_the_limit_are_read():
    assert parse_json("[" * MAX_DEPTH + "]" * MAX_DEPTH, "f", DataError)


SCHEMA = {
    "name": str,
    "size": (int, None),
    "rate": float,
    "on": bool,
    "items": [{"id": (int, str)}],
    "by": {...: float},
}


@pytest.mark.parametrize(
    ("value", "fault"),
    [
        ({}, None),
        ({"name": "a", "size": None, "rate": 1, "on": True, "other": [object]}, None),
        ({"items": [{"id": 1}, {"id": "b"}], "by": {"x": 1.5}}, None),
        ({"rate": float("nan")}, None),
        ([], "it is a list, not an object"),
        ({"name": 1}, "name is a whole number, not text"),
        ({"size": 1.5}, "size is a number, not a whole number or null"),
        ({"size": True}, "size is true or false, not a whole number or null"),
        ({"size": 10**30}, "size is a whole number beyond 64 bits, not a whole number or null"),
        ({"rate": False}, "rate is true or false, not a number"),
        ({"on": 1}, "on is a whole number, not true or false"),
        ({"items": {}}, "items is an object, not a list"),
        ({"items": [{"id": 1}, 2]}, r"items[1] is a whole number, not an object"),
        ({"items": [{"id": None}]}, r"items[0].id is null, not a whole number or text"),
        ({"by": {"x": "1"}}, "by.x is text, not a number"),
    ],
)
def test_the_field_that_is_of_another_type_is_named(value, fault):
    assert fault_of(value, SCHEMA) == fault
    if fault is None:
        require(value, SCHEMA, "f", DataError)
    else:
        with pytest.raises(DataError, match=r"f: is damaged: .*; repair it"):
            require(value, SCHEMA, "f", DataError, "repair it")


def test_an_object_that_may_be_null_is_looked_into():
    assert fault_of({"a": {"b": "x"}}, {"a": ({"b": int}, None)}) == (
        "a.b is text, not a whole number"
    )


@pytest.mark.parametrize(
    ("file", "content", "what"),
    [
        ("config.json", '{"splits": {"train": {"dim": "8"}}}', "splits.train.dim is text"),
        ("config.json", '{"data": {"val": []}}', "data.val is a list"),
        ("config.json", '{"losses": [{"weight": []}]}', r"losses\[0\].weight is a list"),
        ("training_history.json", "{}", "it is an object, not a list"),
        ("training_history.json", '[{"val": {"loss": "x"}}]', r"\[0\].val.loss is text"),
        ("manifest.json", '{"notices": "x"}', "notices is text, not a list"),
        ("5cat_results.json", '{"predictors": {"p8": 1}}', "predictors.p8 is a whole number"),
    ],
)
def test_files_of_a_run_are_checked_when_they_are_read(tmp_path, file, content, what):
    (tmp_path / file).write_text(content)
    with pytest.raises(RunError, match=f"{file}: is damaged: .*{what}.*; (restore|make) it"):
        RunDirectory(tmp_path).read(tmp_path / file)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no pipes here")
def test_a_pipe_is_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "f.json")
    with pytest.raises(RunError, match="a pipe or a device"):
        read_json(tmp_path / "f.json")
    with pytest.raises(RunError, match="the file is missing"):
        read_json(tmp_path / "other.json")


@pytest.mark.parametrize("content", [b"\xff", b"{", b"[" * 1000 + b"]" * 1000, None])
def test_a_file_of_a_plugin_is_refused_as_the_plugin_says(tmp_path, content):
    path = tmp_path / "f.json"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DataError, match=r"f\.json: .*; restore it$"):
        lvmctl.read_json(path, DataError, "restore it")
    lvmctl.write_json(tmp_path / "g.json", {"é": [1]})
    assert lvmctl.read_json(str(tmp_path / "g.json")) == {"é": [1]}


def test_a_history_may_hold_notes_of_plugins(tmp_path):
    path = tmp_path / "training_history.json"
    path.write_text('[{"epoch": 1, "train": {"loss": 1, "note": "x"}, "val": {"on": true}}]')
    assert RunDirectory(tmp_path).read(path)[0]["train"]["note"] == "x"
