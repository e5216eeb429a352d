"""Experiments: reserved keys, inheritance, origins, and where the file is looked for."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import unquote

import pytest

from lvmctl.config import disabled_plugins, load_experiments
from lvmctl.core.errors import UsageError

TEXT = """
[plugins]
disable = ["p9"]

[base]
recipe = "p8"
summary = "The base."
epochs = 3
lr = 1e-3
listwise.temperature = 0.1

[child]
extends = "base"
data = "books"
train = "one"
losses = ["mse:0.5"]
epochs = 4

[grandchild]
extends = "child"
listwise.temperature = 0.2
"""


@pytest.fixture
def alone(tmp_path, monkeypatch):
    """The working directory is empty, and no variable names a file."""
    monkeypatch.delenv("LVMCTL_EXPERIMENTS", raising=False)
    monkeypatch.chdir(tmp_path)


@pytest.fixture
def write(tmp_path):
    def make(text: str) -> Path:
        path = tmp_path / "experiments.toml"
        path.write_text(text, encoding="utf-8")
        return path

    return make


def test_an_experiment_inherits_and_remembers_where_values_were_written(write):
    path = write(TEXT)
    loaded = load_experiments(path).get("grandchild")
    books, one = (str(path.parent / name) for name in ("books", "one"))
    assert loaded.recipe == "p8"
    assert loaded.values == {"epochs": 4, "lr": 1e-3, "listwise.temperature": 0.2}
    assert loaded.origins == {
        "epochs": "experiments.toml [child]",
        "lr": "experiments.toml [base]",
        "listwise.temperature": "experiments.toml",
    }
    assert (loaded.data, loaded.train, loaded.losses) == (books, (one,), ("mse:0.5",))
    assert sorted(loaded.layers) == [
        ("experiments.toml", {"listwise.temperature": 0.2}),
        ("experiments.toml [base]", {"lr": 1e-3}),
        ("experiments.toml [child]", {"epochs": 4}),
    ]


SOURCES = """
[base]
recipe = "p8"
train = ["/a", "/b"]
val = "/c"
ood = "/d"

[other]
extends = "base"
data = "/store"

[apart]
extends = "other"
train = "/e"

[judged]
extends = "base"
val = "/f"

[far]
extends = "judged"
ood = "/g"
"""


@pytest.mark.parametrize(
    ("name", "data", "train", "val", "ood"),
    [
        ("other", "/store", (), None, None),
        ("apart", None, ("/e",), None, None),
        ("judged", None, ("/a", "/b"), "/f", "/d"),
        ("far", None, ("/a", "/b"), "/f", "/g"),
    ],
)
def test_data_is_inherited_as_a_whole(write, name, data, train, val, ood):
    loaded = load_experiments(write(SOURCES)).get(name)
    assert (loaded.data, loaded.train, loaded.val, loaded.ood) == (data, train, val, ood)


def test_patterns_mean_names_in_the_order_of_the_file(write):
    known = load_experiments(
        write(TEXT + '[grande]\nrecipe="p8"\n["p5.1"]\nrecipe="p8"\n["p5*"]\nrecipe="p8"')
    )
    assert known.match("gr*") == ["grandchild", "grande"]
    assert known.match("*") == ["base", "child", "grandchild", "grande", "p5.1", "p5*"]
    assert known.match("?????") == ["child"]
    assert known.match("[bc]*") == ["base", "child"]
    assert known.match("p5*") == ["p5*"]  # a name means itself
    assert known.match("p5.1") == ["p5.1"]
    assert known.match("other") == ["other"]  # no pattern: get says what is wrong


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("grend*", "no experiment matches 'grend*'; the nearest are grandchild"),
        ("plugin?", "no experiment matches 'plugin?'; there are base, child, grandchild"),
        ("GRAND*", "no experiment matches 'GRAND*'"),
    ],
)
def test_a_pattern_that_means_nothing(write, pattern, reason):
    with pytest.raises(UsageError) as caught:
        load_experiments(write(TEXT)).match(pattern)
    assert reason in str(caught.value)


def test_plugins_is_no_experiment(write):
    assert load_experiments(write(TEXT)).names() == ["base", "child", "grandchild"]


@pytest.mark.parametrize(
    ("text", "name", "reason"),
    [
        ("[a]\nrecipe='p8'", "b", "no experiment 'b'; there are a"),
        ("[pilot]\nrecipe='p8'", "pilt", "did you mean 'pilot'"),
        ("[a]\nepochs=1", "a", "names no recipe"),
        ("[a]\nextends='b'", "a", "extends an unknown experiment 'b'"),
        ("[a]\nextends='b'\n[b]\nextends='a'", "a", "in a circle: a → b → a"),
        ("[a]\nextends='a'", "a", "in a circle: a → a"),
        ("[a]\nrecipe=1", "a", "recipe is not text"),
        ("[a]\nrecipe='p8'\ntrain=[1]", "a", "train is not text or a list of texts"),
        ("a = 1", "a", "not a table"),
    ],
)
def test_what_is_wrong_is_reported(write, text, name, reason):
    path = write(text)
    with pytest.raises(UsageError) as caught:
        load_experiments(path).get(name)
    assert reason in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_file_that_is_not_there(tmp_path):
    with pytest.raises(UsageError, match="cannot be read"):
        load_experiments(tmp_path / "none.toml")


def test_the_nearest_file_is_found_and_the_variable_comes_first(
    write, alone, tmp_path, monkeypatch
):
    write(TEXT)
    below = tmp_path / "deep" / "er"
    below.mkdir(parents=True)
    monkeypatch.chdir(below)
    assert "grandchild" in load_experiments().names()
    assert disabled_plugins() == ("p9",)
    other = tmp_path / "other.toml"
    other.write_text("[only]\nrecipe = 'p8'\n")
    monkeypatch.setenv("LVMCTL_EXPERIMENTS", str(other))
    assert load_experiments().names() == ["only"]
    assert load_experiments().get("only").origins == {}
    assert disabled_plugins() == ()


def test_the_shipped_file_is_the_last_resort(alone):
    known = load_experiments()
    assert known.get("p8-pilot").values == {"windows": 10000, "epochs": 2}
    assert known.get("p8-full").values == {"epochs": 10}
    assert disabled_plugins() == ()


PUBLISHED = {
    "p7-baseline": {},
    "p7-strong-anchor": {"anchor_lambda": 0.6},
    "p7-higher-margin": {"margin": 0.1},
    "p7-larger-context": {"context": 7},
    "p7-strong-margin": {"w_margin": 1.5, "w_rank": 0.5, "warmup": 5, "epochs": 15},
    "p7-fixed-anchor": {"anchor_lambda": 0.6, "learn_lambda": False, "w_anchor": 0.5},
    "p7-pure-margin": {"w_rank": 0.0, "w_margin": 1.0, "w_cosine": 1.0},
    "p7-teacher": {"teacher_floor": 0.5, "w_teacher": 2.0},
    "p8-pilot": {"windows": 10000, "epochs": 2},
    "p8-full": {"epochs": 10},
}
PUBLISHED |= {name: {} for name in ("p1", "p2", "p3", "p4", "p5", "p5.1", "p6")}
PUBLISHED |= {f"p6b-v{v}": {"version": v} for v in ("1", "2", "2.1", "2.2", "2.3")}
PUBLISHED["p6b-v1-pressure"] = {"version": "1", "share": 2.5, "lambda_max": 0.5}


def test_the_shipped_file_holds_the_lineage(alone):
    """What a table does not set is the recipe's default, tested by its plugin."""
    known = load_experiments()
    for name, values in PUBLISHED.items():
        loaded = known.get(name)
        assert loaded.values == values, name
        assert loaded.recipe == name.partition("-")[0]
        assert loaded.summary.startswith(loaded.recipe.upper().replace("P6B", "P6b"))
    assert known.match("p7-*") == [name for name in PUBLISHED if name.startswith("p7-")]
    smoke = known.match("smoke-*")
    assert {known.get(name).recipe for name in smoke} == {"p5.1", "p6b", "p7", "p8"}
    assert set(known.names()) == {*PUBLISHED, *smoke}
    blocks = known.path.read_text().split("\n\n")
    assert all(block.startswith("# Source: ") for block in blocks if "\n[" in block)


def test_disable_must_be_a_list_of_names(write, alone):
    write("[plugins]\ndisable = 'p8'\n")
    with pytest.raises(UsageError, match="not a list of names"):
        disabled_plugins()


def test_layers_come_in_the_order_of_the_chain(tmp_path):
    """Two tables may give one option by different names; the nearer one is the stronger layer."""
    path = tmp_path / "experiments.toml"
    path.write_text(
        "[far]\nrecipe = 'p8'\nlr = 1\nepochs = 2\ntemperature = 0.1\n"
        "[middle]\nextends = 'far'\nlr = 3\nlistwise.temperature = 0.2\n"
        "[near]\nextends = 'middle'\nepochs = 4\nlr = 5\n[near.p8-x]\nmargin = 1\n"
    )
    assert load_experiments(path).get("near").layers == [
        ("experiments.toml [far]", {"temperature": 0.1}),
        ("experiments.toml [middle]", {"listwise.temperature": 0.2}),
        ("experiments.toml", {"epochs": 4, "lr": 5, "p8-x.margin": 1}),
    ]


def test_paths_are_relative_to_the_file(write, tmp_path, monkeypatch):
    monkeypatch.setenv("LVMCTL_TRUST_CODE", "1")
    monkeypatch.chdir("/")
    text = """
    [e]
    recipe = "p8"
    model = "./m.py:Model"
    losses = ["mse:0.5", "../l.py:Loss:2"]
    train = ["a@train", "/b", "synth:rotation"]
    val = "synth:shuffled?store=s@val&seed=1"
    """
    loaded = load_experiments(write(text)).get("e")
    assert loaded.values["model"] == f"{tmp_path}/m.py:Model"
    assert loaded.losses == ("mse:0.5", f"{tmp_path.parent}/l.py:Loss:2")
    assert loaded.train == (f"{tmp_path}/a@train", "/b", "synth:rotation")
    assert unquote(loaded.val) == f"synth:shuffled?store={tmp_path}/s@val&seed=1"


def test_an_empty_path_is_named(write):
    with pytest.raises(UsageError, match=r"\[e\]: data '' names no data"):
        load_experiments(write('[e]\nrecipe = "p8"\ndata = ""')).get("e")


BRACKETS, DIGITS = "[" * 5000 + "]" * 5000, "9" * 5000


@pytest.mark.parametrize(
    "text", ["[a", "[a]\nx = \n", "[a]\n[a]\n", f"[a]\nx = {DIGITS}", f"a = {BRACKETS}", "\udcff"]
)
def test_what_is_no_toml_is_one_line(tmp_path, text):
    file = tmp_path / "e.toml"
    file.write_bytes(text.encode("utf-8", "surrogateescape"))
    with pytest.raises(UsageError, match=rf"{file}: not (TOML|UTF-8)"):
        load_experiments(file)


def test_a_byte_order_mark_is_no_part_of_a_name(tmp_path):
    file = tmp_path / "e.toml"
    file.write_text('[one]\nrecipe = "plain"\n', "utf-8-sig")
    assert load_experiments(file).names() == ["one"]
