"""Latency, data, command line, versions and hashes: what every figure can be recomputed from."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from lvmctl.core.files import json_text
from lvmctl.core.formatting import estimate
from lvmctl.core.tree import leaves
from lvmctl.report.html import render
from lvmctl.report.inputs import Inputs
from lvmctl.report.numbers import real
from lvmctl.report.section import Section

HASHES = ("content_hash", "articles_sha256")
USES = {"val": "evaluated", "ood": "evaluated, OOD", "train": "baselines learned from"}


def section(run: Inputs) -> Section:
    body = render(
        "provenance.html",
        latency=list(latency_rows(run.result["latency"])),
        data=list(data_rows(run)),
        origin=list(origin_rows(run.manifest)),
        options=option_rows(run.config),
        command=evaluation(run),
    )
    return Section("provenance", "Latency and provenance", body, wide=True)


def evaluation(run: Inputs) -> str:
    """The command that measures again."""
    made = run.result["made"]
    words = ["lvmctl", "eval", "5cat", str(run.run.path)]
    words += ["--profile", run.result["verdict"]["profile"]]
    words += ["--published-rules"] if made.get("published_rules") else []
    for name in ("data", "ood", "max_windows", "min_article", "ablation_windows"):
        if made.get(name) is not None:
            words += [f"--{name.replace('_', '-')}", str(made[name])]
    for source in made["train"]:
        words += ["--train", source]
    return shlex.join(words)


def latency_rows(latency: dict[str, Any]) -> Iterator[tuple]:
    """p50 and p95 of each caller, and how the run compares."""
    names = {"query": "prediction", "reference": latency["reference"], "score": "own score"}
    for batch in ("batch_1", "batch_256"):
        for caller, times in latency[batch].items():
            figures = [f"{real(times[name]):.3f}" for name in ("p50", "p95")]
            yield (batch.removeprefix("batch_"), names.get(caller, caller), *figures)
    shown = estimate(latency["ratio"], latency["ratio_ci"])
    yield ("ratio", "median over blocks, the larger, and its 95 % interval", shown, "")


def data_rows(run: Inputs) -> Iterator[tuple]:
    """Splits that were evaluated, and those of the training."""
    for split, source in run.result["data"].items():
        counts = [f"{source[name]:,}" for name in ("windows", "articles")]
        hashes = [source.get(name, "") for name in HASHES]
        yield (USES.get(split, split), source["name"], *counts, *hashes)
    for split, source in run.manifest.get("splits", {}).items():
        hashes = [source.get(name, "") for name in HASHES]
        yield (f"training, {split}", source.get("name", ""), "", "", *hashes)


def origin_rows(manifest: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The manifest, but for the data."""
    if not manifest:
        yield "manifest.json", "there is none: the training cannot be repeated from here"
    for name, value in manifest.items():
        if name != "splits":
            yield name, shown(name, value)


def shown(name: str, value: Any) -> str:
    """A value of the manifest in one line."""
    if name == "argv":
        return shlex.join(map(str, value))
    if isinstance(value, dict):
        return ", ".join(f"{key} {shown(key, each)}" for key, each in value.items())
    return value if isinstance(value, str) else json_text(value)


def option_rows(config: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Every option with its value and origin."""
    origins = config.get("origins", {})
    return [
        (name, json_text(value), origins.get(name, ""))
        for name, value in leaves(config.get("options", {}))
    ]
