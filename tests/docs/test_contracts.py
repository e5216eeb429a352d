"""What parts give each other is documented as it is, name by name."""

from __future__ import annotations

import dataclasses
import re

import pytest
import tomli
from docs.pages import PLUGINS, bare, blocks, read, section, table, tables

from lvmctl.config import bind, describe, parse_assignments, values_of
from lvmctl.config.types import WORDS
from lvmctl.core import batch
from lvmctl.data import Split, Windows
from lvmctl.registry import specs as spec
from lvmctl.registry.declare import options_fault
from lvmctl.registry.specs import API_VERSION
from lvmctl.testing.samples import textlike

PAGE = PLUGINS / "contracts.md"


def test_every_batch_field_with_its_shape():
    documented = {bare(name): what for name, what in table(section(PAGE, "## Batch"), "field")}
    assert documented == batch.FIELDS


@pytest.mark.parametrize(
    "cls",
    [
        spec.Shape,
        batch.Prediction,
        batch.Step,
        batch.LossOutput,
        batch.Pool,
        batch.Chunks,
        batch.Decoded,
    ],
)
def test_every_field_of(cls):
    documented = [bare(row[0]) for row in table(section(PAGE, f"## {cls.__name__}"), "field")]
    assert documented == [field.name for field in dataclasses.fields(cls)]


def test_what_a_prediction_may_leave_out_says_so():
    rows = table(section(PAGE, "## Prediction"), "field")
    optional = {bare(name) for name, shape, _ in rows if shape.endswith("or None")}
    assert optional == {f.name for f in dataclasses.fields(batch.Prediction) if f.default is None}


def test_windows_and_splits_have_what_is_documented():
    made = Windows(textlike(), 3, 1)
    text = section(PAGE, "## Windows")
    names = [bare(row[0]) for row in table(text, "attribute")]
    assert [n for n in names if n != "len(windows)" and not hasattr(made, n.split("(")[0])] == []
    of_split = re.findall(r"`(\w+)[`(]", text.partition("A `Split` has")[2])
    assert len(of_split) > 5
    assert [name for name in of_split if not hasattr(textlike(), name)] == []
    assert {field.name for field in dataclasses.fields(Split)} > {"vectors", "starts", "lengths"}


def shown(mark: str, name: str) -> type:
    """A class that a block of docs/plugins/options.md shows."""
    (block,) = [block for block in blocks(PLUGINS / "options.md") if block.mark == mark]
    namespace: dict[str, object] = {"__name__": "lvmctl"}  # a module that there is
    exec(compile(block.text, "options.md", "exec", dont_inherit=True), namespace)
    return namespace[name]


@pytest.fixture
def options() -> type:
    return shown("options", "Options")


def test_groups_are_addressed_as_documented():
    options = shown("groups", "RecipeOptions")
    assert options_fault(options) is None
    assert (options().epochs, options().sequence.width) == (20, 256)
    before, changed = values_of(options()), []
    for typed, _ in table(section(PLUGINS / "options.md", "## Groups"), "what is typed"):
        names = set()
        for each in re.findall(r"`([^`]+)`", typed):
            bound = bind(options, [("--set", parse_assignments([each]))]).options
            names |= values_of(bound).items() - before.items()
        changed.append(dict(names))
    assert changed == [
        {"hinge.margin": 0.2},
        {"hinge.margin": 0.2},
        {"stop.margin": 0.1},
        {"w_hinge": 1.0},
    ]


def test_values_are_typed_as_documented(options):
    types = {str(info.type): info for info in describe(options)}
    assert len(types) == 6
    for _, typed, toml in table(section(PLUGINS / "options.md", "## Types"), "type"):
        written = tomli.loads(bare(toml))
        (name,) = written
        wanted = bind(options, [("experiments.toml", written)]).options
        pairs = re.findall(rf"`({name}=[^`]+)`", typed)
        bound = [bind(options, [("--set", parse_assignments([each]))]).options for each in pairs]
        assert wanted in bound


def test_the_words_of_a_bool(options):
    (typed,) = [row[1] for row in table(read(PLUGINS / "options.md"), "type") if row[0] == "`bool`"]
    words = re.findall(r"`(?:signed=)?(\w+)`", typed)
    assert sorted(words) == sorted(WORDS)
    assert all(bind(options, [("--set", {"signed": word})]) for word in words)


def test_the_version_of_the_interface():
    page = PLUGINS / "versions.md"
    assert f"**{API_VERSION}**" in page.read_text(encoding="utf-8")
    names = [row[0] for row in tables(page.read_text(encoding="utf-8"))[0]]
    assert f"`LVMCTL_API = {API_VERSION}`" in names
