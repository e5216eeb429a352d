"""Which names a plugin can have, and what its parts are then called."""

from __future__ import annotations

import keyword
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lvmctl.core.errors import UsageError
from lvmctl.registry import load_registry
from lvmctl.registry.declare import NAME as RECORD_NAME
from lvmctl.scaffold.names import LONGEST, Names, allowed, refuse_taken, suggestion


def test_what_things_are_called():
    names = Names("angular-margin2")
    assert names.distribution == "lvmctl-angular-margin2"
    assert names.package == "lvmctl_angular_margin2"
    assert names.module == "angular_margin2"
    assert names.title == "AngularMargin2"


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Angular Margin", "angular-margin"),
        ("AngularMargin", "angular-margin"),
        ("angular_margin", "angular-margin"),
        ("angular--margin-", "angular-margin"),
        ("lvmctl-angular", "angular"),
        ("lvmctl_angular.margin", "angular-margin"),
        ("2-angles", "angles"),
        ("Ångström", "angstrom"),
        ("a" * 23 + "-bcd", "a" * 23),
    ],
)
def test_a_bad_name_is_refused_with_the_rule_and_a_better_one(name, meant):
    with pytest.raises(UsageError, match="lower-case letters and digits") as error:
        Names(name)
    assert error.value.hint == f"did you mean {meant}?"
    assert Names(meant).name == meant


@pytest.mark.parametrize("name", ["", "-", "3", "角度"])
def test_nothing_is_suggested_where_nothing_is_left(name):
    with pytest.raises(UsageError, match="choose another"):
        Names(name)


@given(st.text(max_size=40) | st.from_regex(r"[A-Za-z0-9 _.-]{0,40}", fullmatch=True))
def test_a_suggestion_is_a_name(name):
    close = suggestion(name)
    assert close is None or allowed(close)


@given(st.from_regex(r"[a-z][a-z0-9]{0,8}(-[a-z0-9]{1,6}){0,2}", fullmatch=True).filter(allowed))
def test_a_name_is_one_everywhere(name):
    names = Names(name)
    assert RECORD_NAME.fullmatch(name)
    assert len(name) <= LONGEST
    for word in (names.package, names.module, f"{names.title}Loss"):
        assert word.isidentifier()
    assert not keyword.iskeyword(f"{names.title}Loss")
    assert re.fullmatch(r"[A-Za-z0-9_-]+", name)  # a bare key in TOML
    assert suggestion(name) == name


@pytest.mark.parametrize(
    ("name", "owner"),
    [
        ("cosine", "loss core/cosine"),
        ("ridge", "baseline core/ridge"),
        ("core", "plugin core (lvmctl"),
        ("p8", "plugin p8 (lvmctl-p8"),
        ("listwise", "loss p8/listwise"),
        ("fair", "profile core/fair"),
        ("ours", "loss ours of lvmctl itself"),
    ],
)
def test_a_name_that_something_has_is_refused(name, owner):
    with pytest.raises(UsageError, match=re.escape(f"{name!r} is taken by {owner}")) as error:
        refuse_taken(load_registry(), "loss", Names(name), reserved=("ours",))
    assert "choose another" in error.value.hint


def test_a_free_name_is_not():
    refuse_taken(load_registry(), "loss", Names("angular-margin"), reserved=("ours",))
