"""The page that goes with an exported model: what it is, how good it is, how to load it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

from lvmctl.api.runs import METRIC_NAMES
from lvmctl.core.formatting import estimate, few_articles
from lvmctl.core.tree import get
from lvmctl.registry.find import UNPACKAGED
from lvmctl.training.rendering import measured_on, verdict

LEGEND = (
    "R@5: how often the true chunk is among the 5 best of its article; MRR@10: the mean of "
    "1 / its rank, 0 beyond 10; `cos_next`: cosine of prediction and true chunk; `margin[last]`: "
    "that cosine less the one to the last chunk read. […] is a 95 % interval. `direct` predicts "
    "the last chunk again."
)


def model_card(
    name: str,
    config: Mapping[str, Any],
    best: Mapping[str, Any] | None,
    metrics: Mapping[str, Any] | None,
    license: str,
    has_score: bool,
    onnx: float | None,
) -> str:
    """The text of ``README.md``, in Markdown with YAML metadata.

    ``metrics`` are those of :func:`lvmctl.api.runs.metrics_of`; ``onnx`` is how far ``model.onnx``
    differs from torch, None without one.
    """
    train = config["splits"]["train"]
    facts = {
        "library_name": "lvmctl",
        "license": license,
        "tags": ["lvmctl", "latent-vector-model", config["recipe"]],
        "recipe": config["recipe"],
        "packages": packages(config),
        "context": config["options"]["context"],
        "horizon": config["options"]["horizon"],
        "dim": train["dim"],
        "transform": config["options"].get("transform", "none"),
        "data": {"name": train["name"], "hash": train.get("content_hash")},
        "encoder": encoder(train.get("encoder")),
        "figures": metrics and {key: metrics[key] for key in METRIC_NAMES if key in metrics},
    }
    # A value of JSON is a value of YAML.
    metadata = [f"{key}: {json.dumps(value, ensure_ascii=False)}" for key, value in facts.items()]
    body = [
        *("---", *metadata, "---", "", f"# {name}", ""),
        *sentences(config, best),
        *facts_table(facts),
        *figures(config["recipe"], metrics, best),
        *use(facts, has_score, onnx),
    ]
    return "\n".join(body) + "\n"


def packages(config: Mapping[str, Any]) -> list[str]:
    """The distributions that the model needs, with their versions."""
    parts = [config, config["model"], *config["losses"]]
    for role in ("kill", "sample", "select"):
        parts += config.get(role, [])
    named = {str(part.get("package", "")) for part in parts} - {""}
    return sorted(each for each in named if not each.endswith(UNPACKAGED))


def encoder(record: Any) -> dict[str, Any]:
    """Name of the encoder that made the training data and a hash of its fingerprint."""
    vectors = get(record, "fingerprint.vectors")
    short = None if vectors is None else hashlib.sha256(str(vectors).encode()).hexdigest()[:16]
    return {"name": get(record, "name"), "fingerprint": short}


def sentences(config: Mapping[str, Any], best: Mapping[str, Any] | None) -> Iterator[str]:
    """What it learned, then what it is."""
    if best is not None:
        with suppress(LookupError, TypeError):
            yield " ".join(verdict(config["recipe"], best["val"]).split())
            yield ""
    options = config["options"]
    which = "next chunk"
    if options["horizon"] > 1:
        which = f"chunk that follows {options['horizon']} places after the last of them"
    yield (
        f"A latent vector model, trained with lvmctl: from the vectors of {options['context']} "
        f"chunks of a text, oldest first, it predicts the vector of the {which}."
    )
    if options.get("direction") == "backward":
        yield "It was trained on articles read from their end: what it calls next came before."
    yield ""


def facts_table(facts: Mapping[str, Any]) -> Iterator[str]:
    """What was trained on what."""
    made = facts["encoder"]
    rows = {
        "recipe": f"{facts['recipe']} ({', '.join(facts['packages'])})",
        "windows": f"K = {facts['context']}, h = {facts['horizon']}, {facts['dim']} dimensions",
        "transform of the chunks": facts["transform"],
        "trained on": facts["data"]["name"],
        "data hash": facts["data"]["hash"],
        "encoder": made["name"] or "unknown",
        "encoder fingerprint": made["fingerprint"] or "none",
        "licence": facts["license"],
    }
    yield "| | |"
    yield "|---|---|"
    for name, value in rows.items():
        yield f"| {name} | {cell(value)} |"
    yield ""


def cell(text: Any) -> str:
    """A text as a cell of a table."""
    return " ".join(str(text).split()).replace("|", "\\|")


def figures(
    recipe: str, metrics: Mapping[str, Any] | None, best: Mapping[str, Any] | None
) -> Iterator[str]:
    """Each metric beside that of ``direct``, the vector of the last chunk as it is."""
    if metrics is None:
        return
    yield from ("## Figures", "", f"| | {recipe} | direct |", "|---|---|---|")
    for name, shown in METRIC_NAMES.items():
        if each := metrics.get(name):
            ours = estimate(each["value"], each["ci"])
            yield f"| {shown} | {ours} | {estimate(each['direct'], each['direct_ci'])} |"
    on = "On held-out windows, by the five tests of lvmctl eval 5cat."
    if metrics["source"] == "training_history.json" and best is not None:
        on = measured_on(best)
    yield from ("", LEGEND, "", f"{on[0].upper()}{on[1:]}")
    if best is not None and (warning := few_articles(best["val"].get("in_article_articles"))):
        yield warning
    yield ""


def use(facts: Mapping[str, Any], has_score: bool, onnx: float | None) -> Iterator[str]:
    """How to load it."""
    names = {package.split()[0]: None for package in ("lvmctl", *facts["packages"])}
    shape = f"({facts['context']}, {facts['dim']})"
    call = "model.rank(context, candidates)  # numbers and scores of the best"
    if not has_score:
        call = f"model.predict(context)  # ({facts['dim']},), of unit norm"
    yield from ("## Use", "", "```sh", f"pip install {' '.join(names)}", "```", "")
    yield from ("```python", "import lvmctl", "", 'model = lvmctl.load("path/to/this/folder")')
    yield from (f"# context: unit vectors {shape} of the same encoder, oldest first", call, "```")
    yield from ("", "`lvmctl runs import path/to/this/folder` makes a run of it, to be evaluated.")
    if onnx is not None:
        yield ""
        yield (
            f"`model.onnx` maps `context` (B, {facts['context']}, {facts['dim']}), float32 of unit "
            f"norm, to `q` (B, {facts['dim']}); its numbers differ from torch's by at most "
            f"{onnx:.0e}."
        )
