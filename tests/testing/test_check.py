"""What a check is made of, and what it is given."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from lvmctl.registry import Plugin, Registry
from lvmctl.registry.find import Found
from lvmctl.registry.specs import LossSpec, Shape
from lvmctl.testing.check import Check, Subject, check

PLUGIN = Plugin(Found("mine", "lvmctl-mine", "1.0", "mine.plugin"), "ok", 1)


@dataclass(frozen=True)
class Options:
    power: float = 2.0


def built(options, shape):
    return options, shape


def subject() -> Subject:
    record = LossSpec(name="far", summary="Far.", target=f"{__name__}:built", options=Options)
    plugin = Plugin(PLUGIN.found, "ok", 1, (record,))
    registry = Registry([plugin], hook=None)
    return Subject(registry, plugin, registry.get("loss", "far"), Options(power=3.0))


def test_a_function_becomes_a_check():
    def is_named(subject):
        """The first paragraph is
        the rule.

        The second is for those who read the code.
        """
        return subject

    made = check(is_named)
    assert made == Check("is_named", "The first paragraph is the rule.", is_named)
    assert made.run("anything") == "anything"


def test_a_subject_is_a_record_or_a_plugin():
    assert subject().name == "loss far"
    assert subject().record.summary == "Far."
    assert Subject(Registry([PLUGIN], hook=None), PLUGIN).name == "plugin mine"


def test_a_subject_builds_its_part_from_its_own_options():
    shape = Shape(3, 2)
    assert subject().build(shape=shape) == (Options(power=3.0), shape)
    with pytest.raises(TypeError):
        subject().build()
