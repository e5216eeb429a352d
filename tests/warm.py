"""What the server of :mod:`forked` loads and works out once for all the processes it forks."""

from __future__ import annotations

import matplotlib.backends.backend_svg
import matplotlib.figure  # noqa: F401
import torch

from lvmctl.training.backend import SWITCHES, fp32_error

torch.set_num_threads(1)
for switch in SWITCHES.values():
    fp32_error(switch)
# The first optimiser of a process loads torch's compiler, which takes longer than torch itself.
torch.optim.AdamW([torch.nn.Parameter(torch.zeros(1))])
