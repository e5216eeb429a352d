"""Finished runs and models of others, opened to be used."""

from __future__ import annotations

from lvmctl.api.model import Model
from lvmctl.core.runs import RunLike, find_run
from lvmctl.evaluation.trained import load_run
from lvmctl.registry import load_registry


def load(run: RunLike = None) -> Model:
    """Load the model of a finished run.

    Args:
        run: path of a run directory, its name in ``runs/``, or the beginning of either that no
            other run has; None is the run trained last. Also a folder or a ``best_model.pt`` of
            the published project (docs/published-files.md#models).

    Returns:
        The model with the weights of its best epoch, on the CPU.

    Raises:
        RunError: no run is there, it has no best epoch, or its files are damaged.
        PluginError: a plugin that it needs is missing or broken.

    Example:
        >>> model = lvmctl.load(run_path)
        >>> model.recipe
        'p8'
    """
    return Model(load_run(load_registry(), find_run(run)))
