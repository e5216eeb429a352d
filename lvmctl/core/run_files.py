"""What the JSON files of a run hold: their schemas (see :mod:`lvmctl.core.json_input`)."""

from __future__ import annotations

from typing import Any

from lvmctl.core.json_input import FIGURE

PART = {
    "name": str,
    "weight": (str, float),
    "options": dict,
    "package": str,
    "added": bool,
}
"""A model, a loss or a gate."""

SPLIT = {
    "name": str,
    "dim": int,
    "chunks": int,
    "path": (str, None),
    "split": (str, None),
    "content_hash": (str, None),
    "articles_sha256": (str, None),
    "encoder": (dict, str, None),
}
"""Data of a training or an evaluation."""

BACKEND = {
    "device": str,
    "hardware": str,
    "threads": int,
    "fp32_switch": str,
    "precision": str,
    "torch": str,
}

SOURCE = (str, None, [str])
"""Where data was asked for."""

CONFIG = {
    "format": str,
    "experiment": (str, None),
    "recipe": str,
    "package": str,
    "reads": [str],
    "options": dict,
    "origins": {...: str},
    "model": PART,
    "losses": [PART],
    "kill": [PART],
    "sample": [PART],
    "select": [PART],
    "key_options": dict,
    "data": {"data": (str, None), "train": SOURCE, "val": (str, None), "ood": (str, None)},
    "splits": {...: SPLIT},
    "backend": BACKEND,
}

FIGURES: dict[Any, Any] = {...: object}
"""What was measured in an epoch, by name; a plugin may note anything there."""

HISTORY = [
    {
        "epoch": int,
        "train": (FIGURES, None),
        "val": (FIGURES | {"loss": FIGURE, "cos_next": FIGURE}, None),
        "stopped": (str, None),
        "seconds": FIGURE,
    }
]

MANIFEST = {
    "format": str,
    "argv": [str],
    "started": str,
    "seed": (int, None),
    "packages": {...: (str, None)},
    "plugins": {...: (str, None)},
    "git_commit": (str, None),
    "backend": dict,
    "splits": {...: dict},
    "notices": [str],
    "outcome": (str, None),
    "exit_code": (int, None),
    "seconds": FIGURE,
    "resumed": dict,
}

FIVECAT = {
    "format": str,
    "run": (str, None),
    "recipe": (str, None),
    "geometry": str,
    "name": str,
    "made": dict,
    "partial": list,
    "context": int,
    "horizon": int,
    "data": dict,
    "notices": [str],
    "verdict": dict,
    "windows": int,
    "articles": int,
    "predictors": {...: dict},
    "ceilings": dict,
    "metrics": dict,
    "extras": dict,
}

FILES: dict[str, Any] = {
    "config.json": CONFIG,
    "training_history.json": HISTORY,
    "manifest.json": MANIFEST,
    "5cat_results.json": FIVECAT,
    "5cat_partial.json": FIVECAT,
}
"""Schemas by the name of the file."""
