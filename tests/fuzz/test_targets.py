"""What is fuzzed, on inputs to begin with, those that were found, and damaged ones of both."""

from __future__ import annotations

import pytest
from fuzz.targets import MARK, TARGETS, npz, seeds
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lvmctl
from lvmctl.api.run_card import show_run

CASES = [(name, number) for name in TARGETS for number in range(len(seeds(name)))]


@pytest.mark.parametrize(("name", "number"), CASES)
def test_an_input_is_read_or_refused(tmp_path, name, number):
    TARGETS[name](seeds(name)[number], tmp_path)


@pytest.mark.parametrize("name", TARGETS)
@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_input_is_read_or_refused(tmp_path, name, data):
    content = data.draw(st.sampled_from(seeds(name)))
    at = data.draw(st.integers(0, len(content) - 1))
    put = data.draw(st.binary(max_size=8) | st.sampled_from([b"null", b"1e999", b"[", MARK]))
    length = data.draw(st.integers(0, 16))
    TARGETS[name](content[:at] + put + content[at + length :], tmp_path)


def test_inputs_to_begin_with_are_readable(tmp_path):
    npz(seeds("npz")[0], tmp_path)
    assert len(lvmctl.open_store(tmp_path / "windows.npz")) > 0
    for name, read in (("store", lvmctl.open_store), ("run", show_run)):
        place = tmp_path / name
        place.mkdir()
        TARGETS[name](seeds(name)[0], place)
        assert read(place) is not None
