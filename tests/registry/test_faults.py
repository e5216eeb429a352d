"""Whose fault an error is."""

from __future__ import annotations

import pytest

from lvmctl import LossSpec
from lvmctl.core.errors import PluginError, UsageError
from lvmctl.registry import Entry, Plugin
from lvmctl.registry.faults import attribute_errors, attribute_errors_among
from lvmctl.registry.find import Origin


def entry(name: str) -> Entry:
    """The loss of a plugin whose code is in the package ``<name>_pkg``."""
    record = LossSpec(name=name, summary="A loss.", target=f"{name}_pkg.loss:Loss")
    return Entry(record, Plugin(Origin(name, f"lvmctl-{name}", "1", f"{name}_pkg"), "ok"))


def function(package: str, body: str, **names: object):
    """``call()`` of a module of a package, with a body that sees ``names``."""
    space = {"__name__": f"{package}.loss", **names}
    exec(f"def call():\n    {body}\n", space)
    return space["call"]


@pytest.mark.parametrize(
    "error",
    [MemoryError(), RuntimeError("CUDA out of memory"), KeyboardInterrupt(), UsageError("no")],
)
def test_what_no_plugin_is_to_blame_for_passes_unchanged(error):
    with pytest.raises(type(error)) as caught, attribute_errors(entry("a")):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("error", [ValueError("no"), SystemExit(3)])
def test_what_a_plugin_raises_names_it(error):
    with (
        pytest.raises(PluginError, match="loss a of plugin a") as caught,
        attribute_errors(entry("a")),
    ):
        raise error
    assert caught.value.__cause__ is error


@pytest.mark.parametrize(("outer", "inner"), [("a", "b"), ("b", "a")])
def test_of_plugins_that_call_each_other_the_innermost_is_named(outer, inner):
    fails = function(f"{inner}_pkg", "raise ValueError('deep')")
    calls = function(f"{outer}_pkg", "fails()", fails=fails)
    both = [entry("a"), entry("b")]
    named = f"loss {inner} of plugin {inner}.*deep"
    with pytest.raises(PluginError, match=named), attribute_errors_among(both):
        calls()


def test_what_none_of_the_plugins_raised_passes_unchanged():
    with pytest.raises(ValueError, match="own"), attribute_errors_among([entry("a")]):
        raise ValueError("own")
