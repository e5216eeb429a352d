"""Which checks are due for a name, and how they end."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import pytest

from lvmctl.config import option
from lvmctl.core.errors import PluginError, UsageError
from lvmctl.registry import Plugin, Registry
from lvmctl.registry.declare import KINDS
from lvmctl.registry.find import Origin
from lvmctl.registry.specs import EncoderSpec, LossSpec
from lvmctl.testing.check import Check, CheckFailed, Skipped, Subject
from lvmctl.testing.checks import record as record_checks
from lvmctl.testing.conformance import Case, Outcome, cases, checks, expect


@dataclass(frozen=True)
class Options:
    power: float = option(2.0, "exponent", low=0.5, high=4.0)


@dataclass(frozen=True)
class Undecided:
    """Options without a default."""

    power: float


def loss(name, **more) -> LossSpec:
    return LossSpec(name=name, summary="Far.", target="nowhere:Loss", **more)


def plugin(name, *records, status="ok", error=None) -> Plugin:
    origin = Origin(name, f"lvmctl-{name}", "1.0", f"{name}.plugin")
    return Plugin(origin, status, 1, tuple(records), error)


def registry(*plugins) -> Registry:
    return Registry(plugins, hook=None)


TWO = plugin("two", loss("far", options=Options), EncoderSpec(name="far", summary="", target="a:b"))
OTHER = plugin("other", loss("near", options=Options))
BROKEN = plugin("broken", status="broken", error="ImportError: no module named torhc")
ALL = registry(TWO, OTHER, BROKEN)


def due(name, **more) -> list[str]:
    """Whose checks are due, in order, each subject once."""
    return list(dict.fromkeys(case.subject.name for case in cases(name, registry=ALL, **more)))


# ------------------------------------------------------------------ what is due


def test_a_plugin_means_itself_and_all_its_records():
    assert due("two") == due("lvmctl-two") == ["plugin two", "loss far", "encoder far"]


def test_a_record_means_itself_and_its_plugin():
    assert due("near") == due("other/near") == ["plugin other", "loss near"]
    assert due("far") == ["plugin two", "loss far", "encoder far"]


def test_every_kind_has_the_checks_of_records_and_its_own():
    names = {kind: [check.name for check in checks(kind)] for kind in ("plugin", *KINDS)}
    for kind, expected in names.items():
        assert len(expected) == len(set(expected)), kind
        assert (expected[0] == "summary_is_one_line") == (kind != "plugin")
    assert "is_built" in names["loss"]


def test_each_check_is_reported_in_one_sentence():
    for kind in ("plugin", *KINDS):
        for each in checks(kind):
            assert each.rule.endswith("."), each
            assert ". " not in each.rule, each


def test_unknown_and_broken_plugins_are_named():
    with pytest.raises(PluginError, match="did you mean 'near'"):
        cases("naer", registry=ALL)
    with pytest.raises(PluginError, match=r"broken .* torhc; see `lvmctl plugins list -v`"):
        cases("broken", registry=ALL)


def test_a_bare_name_of_two_plugins_has_to_be_qualified():
    both = registry(OTHER, plugin("third", loss("near")))
    with pytest.raises(PluginError, match="'other/near' or 'third/near'"):
        cases("near", registry=both)


# ------------------------------------------------------------------ options


def options_of(name, **more) -> list:
    chosen = cases(name, registry=ALL, **more)
    return list({id(case.subject): case.subject.options for case in chosen}.values())


def test_a_record_is_checked_with_its_defaults_or_with_what_is_given():
    assert options_of("near") == [None, Options(power=2.0)]
    assert options_of("near", options={"power": "3"}) == [None, Options(power=3.0)]


def test_options_that_fit_nothing_are_refused():
    with pytest.raises(UsageError, match="above 4"):
        cases("near", {"power": 9}, registry=ALL)
    with pytest.raises(UsageError, match=r"far is 2 records.*name the record"):
        cases("far", {"power": 3}, registry=ALL)


@pytest.mark.parametrize("options", [None, {"power": 3}])
def test_options_that_cannot_be_made_fail_the_checks_of_records_alone(options):
    known = registry(plugin("odd", loss("odd", options=Undecided)))
    chosen = [case for case in cases("odd", options, registry=known) if case.subject.entry]
    assert [case.check for case in chosen] == [*record_checks.CHECKS]
    ends = {case.check.name: case.outcome() for case in chosen}
    assert ends["defaults_are_allowed"].why == "option power has no default"


# ------------------------------------------------------------------ how a check ends


def case(run) -> Case:
    return Case(Check("holds", "It holds.", run), Subject(ALL, OTHER, ALL.get("loss", "near")))


def raising(error):
    def run(subject):
        raise error

    return run


ENDS = [
    (lambda subject: None, "pass", ""),
    (lambda subject: f"a note on {subject.name}", "pass", "a note on loss near"),
    (raising(CheckFailed("it is 3, not 2")), "fail", "it is 3, not 2"),
    (raising(Skipped("there is none")), "skip", "there is none"),
    (raising(ValueError("oh")), "fail", "it raised ValueError('oh')"),
    (raising(SystemExit(3)), "fail", "it raised SystemExit(3)"),
    (raising(UsageError("no", hint="say yes")), "fail", "it raised no; say yes"),
]


@pytest.mark.parametrize(("run", "status", "why"), ENDS)
def test_an_outcome_says_how_a_check_ended(run, status, why):
    assert case(run).outcome() == Outcome("loss near", "holds", status, why, "It holds.")


@pytest.mark.parametrize("error", [KeyboardInterrupt(), MemoryError()])
def test_what_is_no_fault_of_the_plugin_passes(error):
    with pytest.raises(type(error)):
        case(raising(error)).outcome()


def test_a_case_that_is_called_raises():
    assert case(lambda subject: "note")() == "note"
    with pytest.raises(CheckFailed, match="oh"):
        case(raising(ValueError("oh")))()
    with pytest.raises(Skipped):
        case(raising(Skipped("there is none")))()


def test_a_warning_is_no_failure():
    def warn(subject):
        warnings.warn("deprecated", stacklevel=1)

    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert case(warn).outcome().status == "pass"


# ------------------------------------------------------------------ expected failures


def test_a_failure_is_expected_of_every_subject_or_of_one():
    chosen = [Case(Check(name, "", print), s) for s in subjects() for name in ("a_rule", "b_rule")]
    assert expect(chosen, {"a_rule": "slow"}) == {
        "loss far: a_rule": "slow",
        "encoder far: a_rule": "slow",
    }
    assert expect(chosen, {"loss far: b_rule": "old"}) == {"loss far: b_rule": "old"}
    assert expect(chosen, {}) == {}


def test_an_expected_failure_that_no_check_has_is_refused():
    chosen = [Case(Check("a_rule", "", print), subject) for subject in subjects()]
    with pytest.raises(UsageError, match=r"expected_failures: .*'a_rul'; did you mean 'a_rule'"):
        expect(chosen, {"a_rul": "slow"})


def subjects() -> list[Subject]:
    return [Subject(ALL, TWO, entry) for entry in ALL.entries() if entry.plugin is TWO]
