"""The vectors that an encoder gives in a process of its own, where Python hashes otherwise."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lvmctl.registry.resolve import load
from lvmctl.testing.check import Subject
from lvmctl.testing.inputs.child import last_words, python

TIMEOUT_S = 600.0
"""Seconds after which a process counts as hanging, on however busy a machine."""
SEED = "PYTHONHASHSEED"


class NotThere(Exception):
    """The encoder cannot be used in another process; the message says why."""


def vectors_elsewhere(subject: Subject, texts: list[str]) -> np.ndarray:
    """What the subject's encoder, fitted to ``texts`` if it learns, makes of them in a new process.

    The process has this one's environment and import path and another ``PYTHONHASHSEED``, as every
    process has by default. Nothing is downloaded.

    Raises:
        NotThere: it cannot be built or used there.
    """
    other = "1" if os.environ.get(SEED) != "1" else "2"
    changed = {SEED: other, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    with TemporaryDirectory() as empty:
        asked, answer = Path(empty, "asked"), Path(empty, "answer.npy")
        try:
            asked.write_bytes(pickle.dumps([subject.options, subject.record.fitted, texts]))
            ended = python(
                *("-m", __name__, subject.record.target, str(asked), str(answer)),
                environment=os.environ | changed,
                timeout=TIMEOUT_S,
            )
            vectors = None if ended.returncode else np.load(answer, allow_pickle=False)
        except subprocess.TimeoutExpired:
            raise NotThere(f"it took more than {TIMEOUT_S:g} s") from None
        except Exception as error:  # options that cannot be pickled raise what they like
            raise NotThere(repr(error)) from error
    if vectors is None:
        raise NotThere(last_words(ended))
    return vectors


def main(target: str, asked: str, answer: str) -> None:
    """Build the encoder of a target, and write its vectors of what is asked to a file."""
    options, fitted, texts = pickle.loads(Path(asked).read_bytes())
    encoder = load(target)(options)
    if fitted:
        encoder.fit(texts)
    np.save(answer, np.asarray(encoder.encode(texts)))


if __name__ == "__main__":
    main(*sys.argv[1:])
