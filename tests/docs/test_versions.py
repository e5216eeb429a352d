"""What docs/plugins/versions.md says of versions is so."""

from __future__ import annotations

import itertools

import pluggy
import pytest
from docs.pages import PLUGINS, ROOT, blocks, read, section, table
from packaging.specifiers import SpecifierSet
from packaging.version import Version

import lvmctl
from lvmctl.registry.declare import declare
from lvmctl.registry.find import Origin
from lvmctl.scaffold.package import compatible
from lvmctl.testing.conformance import checks

PAGE = PLUGINS / "versions.md"
NUMBER = itertools.count()


@pytest.fixture
def declared(tmp_path, monkeypatch):
    """``declared(text, api)``: a plugin of this text under an lvmctl of an API version."""
    monkeypatch.syspath_prepend(str(tmp_path))
    manager = pluggy.PluginManager("lvmctl")

    def make(text: str, api: int):
        name = f"versioned_{next(NUMBER)}"
        (tmp_path / f"{name}.py").write_text(text)
        for module in ("lvmctl", "lvmctl.registry.specs"):
            monkeypatch.setattr(f"{module}.API_VERSION", api)
        return declare(Origin(name, f"lvmctl-{name}", "1.0", name), manager)

    return make


def the_block() -> str:
    (text,) = [block.text for block in blocks(PAGE) if block.mark == "versions"]
    return text


def test_one_version_of_the_interface_is_loaded(declared):
    of_another = declared("LVMCTL_API = 1", api=2)
    assert of_another.status == "broken"
    assert f'"{of_another.error}"' in " ".join(read(PAGE).split())


def test_a_plugin_for_two_versions_is_loaded_by_both(declared):
    loaded = {api: declared(the_block(), api) for api in (1, 2, 3)}
    assert {api: plugin.status for api, plugin in loaded.items()} == {1: "ok", 2: "ok", 3: "broken"}
    needs = [loaded[api].records[0].needs for api in (1, 2)]
    assert needs == [("target", "weight"), ("target",)]


def test_who_does_not_say_is_of_version_2_for_good(declared):
    assert {api: declared("", api).status for api in (1, 2, 3)} == {
        1: "broken",
        2: "ok",
        3: "broken",
    }


def test_what_is_required_is_what_a_scaffold_requires():
    text = section(PAGE, "## What a plugin should say")
    now = compatible(lvmctl.__version__)
    assert f"`lvmctl{now}` today" in text
    minor = Version(lvmctl.__version__).minor
    both = f">=0.{minor},<0.{minor + 2}"
    assert f"`lvmctl{both}` once" in " ".join(text.split())
    assert all(SpecifierSet(both).contains(f"0.{each}.0") for each in (minor, minor + 1))


def test_the_checks_it_names_exist():
    named = {"requires_lvmctl", "works_with_the_previous_minor"}
    assert named <= {check.name for check in checks("plugin")}
    assert all(f"`{name}`" in read(PAGE) for name in named)


def test_every_change_has_its_time():
    assert all(when for _, when in table(section(PAGE, "## What may change, and when"), "change"))


def test_the_citation_is_of_this_version():
    assert f"\nversion: {lvmctl.__version__}\n" in read(ROOT / "CITATION.cff")
