"""What the server of :mod:`forked` loads and works out once for all the processes it forks."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import sys
from importlib.metadata import entry_points

import matplotlib.backends.backend_svg
import matplotlib.figure  # noqa: F401
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from quick import be_quick

import lvmctl
from lvmctl.registry import configure, load_registry
from lvmctl.training.backend import SWITCHES, fp32_error

LATE = ("lvmctl.__main__", "lvmctl.cli.train.trial", "lvmctl.testing.fixtures")
"""Modules that look at the process they are imported in."""

sys.dont_write_bytecode = False  # as in conftest.py
torch.set_num_threads(1)
for switch in SWITCHES.values():
    fp32_error(switch)
# The first optimiser of a process loads torch's compiler, which takes longer than torch itself.
torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
for module in pkgutil.walk_packages(lvmctl.__path__, "lvmctl."):
    if module.name not in LATE:
        importlib.import_module(module.name)
# Every process asks the plugins that it has what they declare; what is described is known then.
for point in entry_points(group="lvmctl"):
    point.load()
load_registry()
configure()
# The first property of a process reads the constants of all modules it has loaded.
settings(max_examples=100, database=None)(given(st.integers())(lambda number: None))()
be_quick(pytest.MonkeyPatch())
gc.collect()
gc.freeze()  # a process that collects would copy all of it
sys.dont_write_bytecode = True
