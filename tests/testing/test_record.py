"""Each check of records fails for a record that breaks its rule, and for no sound one."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field

import click
import pytest
from testing.judged import failures, judged

from lvmctl.config import option
from lvmctl.registry.record import CommandSpec, NoOptions
from lvmctl.registry.specs import EncoderSpec
from lvmctl.registry.verdict_specs import VerdictGate
from lvmctl.testing.checks.record import CHECKS

NAMES = [check.name for check in CHECKS]


@dataclass(frozen=True)
class Sound:
    size: int = option(3, "how many", low=1, high=10**6)
    rate: float = option(1e-3, "how fast", low=0, high=math.inf)
    shares: tuple[float, ...] = option((0.3, 1.0), "how much of each", low=0.0, high=1.0)
    ends: tuple[int, int] = option((1, 2), "from and to", low=-5, high=5)
    margin: float | None = option(None, "none: the version's", low=-2.0, high=2.0)
    version: int = option(2, "which", choices=(1, 2))
    name: str = option("a name", "of what")
    weight: str = option("0,6~.001", "over time", schedule=True, high=1.0)
    fixed: int = option(2, "cannot be another", low=2, high=2)
    quick: bool = option(False, "or thorough")


class Encoder:
    """What a docstring says."""


class Silent(Encoder):
    pass


@dataclass(frozen=True)
class SilentDataclass:
    size: int = 3


def encode(options):
    """What a docstring says."""


def silent(options):
    return options


NUMBER = 3
INSTANCE = Encoder()
INSTANCE.__class__.__call__ = lambda self: None


@click.command()
def command():
    """What the help says."""


def encoder(target=Encoder, options=NoOptions, summary="What it is."):
    name = target if isinstance(target, str) else target.__name__
    return EncoderSpec(name="mine", summary=summary, target=f"{__name__}:{name}", options=options)


def of(*annotations, **more):
    """A record with one option ``x``."""
    (kind, default), help = annotations, more.pop("help", "how many")
    fields = {"__annotations__": {"x": kind}, "x": option(default, help, **more)}
    return encoder(options=dataclass(frozen=True)(type("Options", (), fields)))


@dataclass(frozen=True)
class Unset:
    x: str = field(metadata={"help": "of what"})
    y: int = option(1, "how many", low=0, high=9)


@dataclass(frozen=True)
class Quarrel:
    x: int = option(3, "how many", low=1, high=9)

    def __post_init__(self):
        if self.x > 2:
            raise ValueError(f"x = {self.x} is too many")


VERDICT = VerdictGate(name="mine", summary="What it is.", metric="r@1", at_least=0.5)
SOUND = [
    encoder(),
    encoder(options=Sound),
    encoder(encode),
    encoder(summary="x" * 99 + "."),
    VERDICT,
    CommandSpec(name="mine", summary="What it is.", target=f"{__name__}:command"),
]


@pytest.mark.parametrize("record", SOUND)
def test_a_sound_record_passes(record):
    assert failures(judged(record, NAMES)) == {}


BROKEN = [
    (encoder(summary=""), "summary_is_one_line", "''"),
    (encoder(summary="."), "summary_is_one_line", "'.'"),
    (encoder(summary=3), "summary_is_one_line", "3"),
    (encoder(summary="What\nit is."), "summary_is_one_line", "line breaks"),
    (encoder(summary="What it is"), "summary_is_one_line", "full stop"),
    (encoder(summary="x" * 100 + "."), "summary_is_one_line", "101 characters"),
    (encoder("Nothing"), "target_has_a_docstring", "has no attribute 'Nothing'"),
    (encoder("NUMBER"), "target_has_a_docstring", ":NUMBER is 3, which"),
    (encoder(Silent), "target_has_a_docstring", "Silent has no docstring"),
    (encoder(SilentDataclass), "target_has_a_docstring", "no docstring"),
    (encoder(silent), "target_has_a_docstring", "silent has no docstring"),
    (of("int", 3, low=1, high=9, help=""), "options_have_help", "option x is ''"),
    (of("int", 3, low=1, high=9, help="how\nmany"), "options_have_help", "option x"),
    (of("list[int]", 3), "options_have_help", "list\\[int\\]"),
    (encoder(options=Unset), "defaults_are_allowed", "option x has no default"),
    (encoder(options=Quarrel), "defaults_are_allowed", "x = 3 is too many"),
    (of("int", 30, low=1, high=9), "defaults_are_allowed", "above 9"),
    (of("float", None, low=1, high=9), "defaults_are_allowed", "none is not a number"),
    (of("str", 0.5, schedule=True), "defaults_are_allowed", "default 0.5 .* becomes '0.5'"),
    (of("int", 3, low=1), "numbers_have_bounds", "^x has no high$"),
    (of("float", 3.0), "numbers_have_bounds", "^x has no low; x has no high$"),
    (of("tuple[int, ...]", (3,), high=9), "numbers_have_bounds", "^x has no low$"),
    (of("int | None", None, low=3), "numbers_have_bounds", "^x has no high$"),
    (of("int", 3, low=1, high=1e6), "values_survive_text", "1000000.0 is not a whole number"),
    (of("int", 3, choices=(3, "many")), "values_survive_text", "'many'"),
    (of("str | None", "a", choices=("a", "None")), "values_survive_text", "'None' .* becomes None"),
    (of("str", " a"), "values_survive_text", "not read as ' a': it becomes 'a'"),
    (of("str", "a", choices=("a", "b ")), "values_survive_text", "not read as 'b '"),
    (of("tuple[str, ...]", ("a,b",)), "values_survive_text", "becomes .'a', 'b'."),
]


@pytest.mark.parametrize(("record", "check", "says"), BROKEN)
def test_a_broken_record_fails_the_check_of_its_rule(record, check, says):
    faults = failures(judged(record, NAMES))
    assert faults.keys() == {check}
    assert re.search(says, faults[check])


def test_every_check_has_a_record_that_fails_it():
    assert {check for _, check, _ in BROKEN} == {check.name for check in CHECKS}


def test_a_record_without_a_target_has_none_to_check():
    assert [*judged(VERDICT, NAMES)] == ["summary_is_one_line"]
