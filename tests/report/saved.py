"""Files of a run, written by hand with the shape that training and ``eval 5cat`` give them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

K, HORIZON, CUTS = 5, 1, [1, 2, 3, 5, 7, 10, 15, 20, 30, 50]
WINDOW = [-5, -4, -3, -2, -1]

BASES = {"p8": 0.0, "direct": -0.03, "centroid": 0.04, "wiener": 0.05, "ridge": 0.06}
"""By predictor, what its cos_next has over .40."""


def around(value: float, by: float = 0.02) -> list[float]:
    """An interval."""
    return [round(value - by, 4), round(value + 1.5 * by, 4)]


def branch(**figures: float) -> dict[str, Any]:
    """Figures and their intervals, as one place of a predictor's tree."""
    return {**figures, "ci": {name: around(value) for name, value in figures.items()}}


def tree(base: float, kind: str = "baseline") -> dict[str, Any]:
    """Everything measured of a predictor."""
    cos = 0.40 + base
    ranks = branch(
        **{"r@1": 0.21 + base, "r@5": 0.55 + base, "r@10": 0.72 + base, "mrr": 0.33 + base}
    )
    ranks |= {"mrr@10": 0.31 + base, "chance_r@1": 0.03, "chance_r@5": 0.14, "chance_mrr@10": 0.1}
    ranks["ci"]["mrr@10"] = around(0.31 + base)
    tree_ = branch(cos_next=cos, cos_anchor=0.8)
    tree_ |= {
        "kind": kind,
        "margin": branch(last=-0.12 - base, second_last=-0.05 + base, unseen=0.10 + base),
        "in_article": {"filtered": ranks | {"windows": 4900, "pool_mean": 35.25}},
        "offsets": branch(
            seed=-0.02 + base,
            strict=-0.02 + base,
            fair=0.03 + base,
            accuracy=0.53 + base,
            chance_accuracy=1 / 7,
        ),
        "coherence": branch(low=cos - 0.1, normal=cos, high=cos + 0.12),
    }
    if kind != "oracle":
        tree_["ablations"] = branch(
            shuffled=-0.03 - base / 4,
            reversed=-0.045 - base / 4,
            leave_one_out=-0.01,
            padded=0.02 - base,
            replaced=-0.19,
        )
        tree_["rollout"] = branch(step_1=cos, step_2=cos - 0.02, mean=cos - 0.05)
    return tree_


def sweep(base: float) -> dict[str, Any]:
    """cos(q, x_{target+k}) by k, highest inside the window."""
    offsets = {}
    for k in range(-8, 4):
        inside = 0.35 if k in WINDOW else 0.0
        value = round(0.40 + base - 0.02 * abs(k) + inside + 0.03 * (k == -1), 4)
        offsets[str(k)] = {"value": value, "ci": around(value, 0.008), "windows": 4000}
    return {"rivals": {"seed": -1, "strict": -1, "fair": 1}, "offsets": offsets}


def gate(name: str, metric: str, status: str, **details: Any) -> dict[str, Any]:
    """A gate of a verdict."""
    outcome = {"metric": metric, "value": 0.031, "ci": [0.012, 0.049], "status": "PASS"}
    details_of_gate = {
        "name": name,
        "category": "",
        "metric": metric,
        "split": "val",
        "against": None,
        "op": ">=",
        "bound": 0.2,
        "marginal": None,
        "require_interval": False,
        "value": 0.031,
        "ci": [0.012, 0.049],
        "seed": outcome | {"value": -0.021, "ci": [-0.04, 0.0], "status": "FAIL"},
        "fair": outcome,
        "status": status,
        "why": "",
        "ceiling": {"name": "cone-oracle", "value": 0.55},
        "random": 0.001,
        "direct": 0.028,
        "source": "docs/methods.md#profiles",
        "optional": False,
    }
    return details_of_gate | details


def verdict() -> dict[str, Any]:
    against = {"against": "direct", "bound": 0.0, "require_interval": True}
    gates = [
        gate("fair-offsets", "offsets.accuracy", "PASS", category="A", **against),
        gate("fair-r5", "in_article.filtered.r@5", "MARGINAL", category="B", **against),
        gate(
            "fair-shuffled",
            "ablations.shuffled",
            "FAIL",
            category="C",
            op="<=",
            bound=-0.15,
            ceiling=None,
        ),
        gate(
            "fair-rollout",
            "rollout.mean",
            "INFEASIBLE",
            category="D",
            why="wiener has 0.3120",
            ceiling={"name": "wiener", "value": 0.312},
        ),
        gate(
            "fair-stability",
            "coherence.gap",
            "ABSENT",
            category="E",
            op="<=",
            why="no OOD windows",
            ceiling=None,
            random=None,
            direct=None,
            fair={"metric": "coherence.gap", "value": None, "ci": None, "status": "ABSENT"},
        ),
    ]
    return {
        "profile": "fair",
        "source": "docs/methods.md#profiles",
        "predictor": "p8",
        "outcome": "FAIL",
        "passed": 1,
        "counted": 3,
        "needed": 3,
        "tests": {"A": "PASS", "B": "MARGINAL", "C": "FAIL", "D": "INFEASIBLE", "E": "ABSENT"},
        "gates": gates,
    }


def fivecat() -> dict[str, Any]:
    """``5cat_results.json`` of a mixture model."""
    predictors = {name: tree(base) for name, base in BASES.items()}
    predictors["p8"]["kind"] = "run"
    predictors |= {"oracle": tree(0.5, "oracle"), "cone-oracle": tree(0.2, "oracle")}
    curve = {
        name: [min(1, 0.2 + base + 0.2 * k**0.4) for k in CUTS] for name, base in BASES.items()
    }
    curve["cone-oracle"] = [min(1, 0.6 + 0.1 * k**0.4) for k in CUTS]
    timed = {"query": {"p50": 1.1, "p95": 1.3}, "reference": {"p50": 1.0, "p95": 1.25}}
    split = {"content_hash": "sha256:" + "4e" * 32, "articles_sha256": "9c" * 32}
    other = {name: tree(base - 0.03) for name, base in BASES.items()}
    return {
        "format": "lvmctl.5cat/2",
        "run": "runs/p8_a",
        "recipe": "p8",
        "geometry": "cone",
        "made": {
            "argv": ["lvmctl", "eval", "5cat"],
            "version": "0.1.0",
            "date": "2025-11-04T22:25:16+0000",
            "weights_sha256": hashlib.sha256(b"").hexdigest(),
            "published_rules": False,
            "ablation_windows": 2000,
            "data": None,
            "train": [],
            "ood": None,
            "max_windows": None,
            "min_article": None,
        },
        "partial": [],
        "name": "p8",
        "context": K,
        "horizon": HORIZON,
        "min_article": 20,
        "data": {
            "val": {"name": "stores/books@val", "windows": 5200, "articles": 130, **split},
            "train": {"name": "stores/books@train", "windows": 41000, "articles": 1040, **split},
        },
        "left_out": [],
        "notices": ["the store has no splits: 80/10/10 by article, seed 0"],
        "verdict": verdict(),
        "windows": 5200,
        "articles": 130,
        "predictors": predictors,
        "ceilings": {
            "cone-margin-ceiling": {"margin": branch(last=0.12, second_last=0.19, unseen=0.3)}
        },
        "ood": {"windows": 4100, "articles": 88, "predictors": other, "ceilings": {}},
        "window_offsets": WINDOW,
        "sweep": {name: sweep(base) for name, base in BASES.items()},
        "against_direct": {},
        "rank_curve": {"cuts": CUTS, "chance": [min(1, k / 35) for k in CUTS], **curve},
        "coherence_gap": {
            "gap": 0.03,
            "metric": "coherence.normal",
            "ci": [0.012, 0.048],
            "val": {"mean": 0.4, "windows": 900, "normal": 900},
            "ood": {"mean": 0.37, "windows": 700, "normal": 700},
        },
        "latency": {
            "unit": "ms per call",
            "reference": "free model of the same size",
            "batch_1": timed,
            "batch_256": {
                name: {p: 90 * t for p, t in each.items()} for name, each in timed.items()
            },
            "ratios": {
                batch: {"value": 1.1, "ci": [1.05, 1.2]} for batch in ("batch_1", "batch_256")
            },
            "ratio": 1.1,
            "ratio_ci": [1.05, 1.2],
        },
        "weights": {
            "coherence": [0.2 + 0.05 * row for row in range(10)],
            "mean": [[0.1, 0.12, 0.15, 0.2 - 0.01 * row, 0.43 + 0.01 * row] for row in range(10)],
            "all": [0.1, 0.12, 0.15, 0.155, 0.475],
        },
    }


def epoch(number: int, cos: float, **details: Any) -> dict[str, Any]:
    """A record of ``training_history.json``."""
    train = {
        "loss": 1.6 / number,
        "loss_rank": 1.4 / number,
        "loss_margin": 0.13,
        "loss_order": 0.69,
    }
    val = {
        "loss": 1.7 / number,
        "cos_next": cos,
        "cos_anchor": 0.8 + cos / 10,
        "alpha_entropy": 1.5,
        "r@5": cos + 0.15,
        "mrr@10": cos - 0.08,
        "chance_r@5": 0.14,
        "direct": {"cos_next": 0.37, "r@5": 0.52},
    }
    return {"epoch": number, "train": train, "val": val, **details}


def history() -> list[dict[str, Any]]:
    """Best at 3, collapsed at 5, stopped there."""
    cosines = [0.31, 0.37, 0.40, 0.39, 0.24]
    records = [epoch(number, cos) for number, cos in enumerate(cosines, start=1)]
    records[-1]["stopped"] = "p8/kill-rule: margin[last] -0.312 < +0.000"
    return records


def manifest() -> dict[str, Any]:
    return {
        "format": "lvmctl.run/1",
        "argv": ["lvmctl", "train", "--plugin", "p8", "--data", "my stores/books"],
        "started": "2026-01-31T10:00:00+0000",
        "seed": 0,
        "packages": {"lvmctl": "0.1.0", "torch": "2.13.0", "numpy": "2.4.6"},
        "backend": {"device": "cpu", "threads": 2},
        "git_commit": "7c" * 20,
        "splits": {"train": {"name": "stores/books@train", "content_hash": "sha256:" + "4e" * 32}},
        "outcome": "stopped: p8/kill-rule",
    }


def write_run(path: Path, result: dict[str, Any] | None = None, **others: Any) -> Path:
    """A run directory with these files; ``history`` and ``manifest`` None leave one out."""
    path.mkdir(parents=True)
    config = {
        "recipe": "p8",
        "options": {"best_by": "cos_next", "epochs": 6},
        "origins": {"epochs": "--set"},
    }
    files = {
        "config.json": config,
        "5cat_results.json": fivecat() if result is None else result,
        "training_history.json": others.get("history", history()),
        "manifest.json": others.get("manifest", manifest()),
    }
    for name, content in files.items():
        if content is not None:
            (path / name).write_text(json.dumps(content), encoding="utf-8")
    return path
