"""The examples in the docstrings of the public names are run."""

from __future__ import annotations

import doctest
import shutil

import numpy as np
import pytest
from training.small import DATA, TINY

import lvmctl

FLAGS = doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS


def examples() -> dict[str, doctest.DocTest]:
    """The docstrings with examples, of the public names and of their methods."""
    finder, examples = doctest.DocTestFinder(exclude_empty=True), {}
    for name in lvmctl.__all__:
        value = getattr(lvmctl, name)
        if getattr(value, "__module__", "").startswith("lvmctl"):
            for test in finder.find(value, name, globs={}):
                examples[test.name] = test
    return {name: test for name, test in examples.items() if test.examples}


EXAMPLES = examples()


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    out = tmp_path_factory.mktemp("examples") / "run"
    return lvmctl.train("p8", data=DATA, out=out, epochs=1, **TINY).path


def test_what_users_call_has_an_example():
    called = {"open_store", "embed", "train", "load", "diagnose", "Model.predict", "Model.rank"}
    called |= {"Run", "Store", "resume", "evaluate_baselines"}
    assert called <= set(EXAMPLES)


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_does_what_it_says(name, trained, tmp_path, monkeypatch):
    """It is given ``run_path``, a small finished run of P8, and ``tmp_path`` to write in."""
    monkeypatch.chdir(tmp_path)
    run_path = shutil.copytree(trained, tmp_path / "trained")
    test = EXAMPLES[name]
    test.globs = {"lvmctl": lvmctl, "np": np, "run_path": run_path, "tmp_path": tmp_path}
    lines: list[str] = []
    result = doctest.DocTestRunner(optionflags=FLAGS).run(test, out=lines.append)
    assert result.failed == 0, "".join(lines)
