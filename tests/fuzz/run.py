"""Fuzz a reader, guided by what it covers: ``python tests/fuzz/run.py npz -max_total_time=600``.

Needs atheris, which has wheels for Linux: ``pip install atheris``. An input that ends in anything
but an answer or an error of one line is written to the working directory as ``crash-…``; kept in
``tests/fuzz/found/TARGET/``, it is a test.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

with atheris.instrument_imports(include=["lvmctl", "json", "zipfile", "numpy.lib"]):
    from fuzz.targets import TARGETS, seeds

    with tempfile.TemporaryDirectory() as directory:  # imports what is imported late
        for name, target in TARGETS.items():
            for seed in seeds(name):
                target(seed, Path(directory))


def main(name: str, options: list[str]) -> None:
    """Fuzz a target until an input fails, or as long as libFuzzer's options say."""
    with tempfile.TemporaryDirectory() as directory:
        corpus, place = Path(directory, "corpus"), Path(directory, "place")
        corpus.mkdir()
        place.mkdir()
        for number, seed in enumerate(seeds(name)):
            (corpus / str(number)).write_bytes(seed)
        arguments = [sys.argv[0], str(corpus), "-max_len=4096", "-timeout=20", *options]
        atheris.Setup(arguments, lambda data: TARGETS[name](data, place))
        atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
