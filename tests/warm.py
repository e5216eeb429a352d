"""What the server of :mod:`forked` loads and works out once for all the processes it forks."""

from __future__ import annotations

import gc
import importlib
import pkgutil
import sys
from importlib.metadata import entry_points

import matplotlib.backends.backend_svg
import matplotlib.figure  # noqa: F401
import torch
from forked import FEW_TIMINGS

import lvmctl
from lvmctl.evaluation.fivecat import latency
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
# Imported, and not asked what they declare: every process does that with the plugins it has.
for point in entry_points(group="lvmctl"):
    point.load()
latency.BLOCKS = FEW_TIMINGS
gc.collect()
gc.freeze()  # a process that collects would copy all of it
sys.dont_write_bytecode = True
