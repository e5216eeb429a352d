"""The vectors that an encoder gives in a process of its own, where Python hashes otherwise."""

from __future__ import annotations

import importlib
import os
import pickle
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from lvmctl.testing.check import Subject

PATIENCE = 120.0
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
    places = os.pathsep.join(os.path.abspath(place) for place in sys.path)
    other = "1" if os.environ.get(SEED) != "1" else "2"
    changed = {
        SEED: other,
        "PYTHONPATH": places,
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
    }
    with TemporaryDirectory() as empty:
        asked, answer = Path(empty, "asked"), Path(empty, "answer.npy")
        try:
            asked.write_bytes(pickle.dumps([subject.options, subject.record.fitted, texts]))
            subprocess.run(
                [sys.executable, "-m", __name__, subject.record.target, str(asked), str(answer)],
                env=os.environ | changed,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=PATIENCE,
                check=True,
            )
            return np.load(answer, allow_pickle=False)
        except subprocess.TimeoutExpired:
            raise NotThere(f"it took more than {PATIENCE:g} s") from None
        except subprocess.CalledProcessError as error:
            said = error.stderr.strip().splitlines() or [f"exit code {error.returncode}"]
            raise NotThere(said[-1]) from error
        except Exception as error:  # options that cannot be pickled raise what they like
            raise NotThere(repr(error)) from error


def main(target: str, asked: str, answer: str) -> None:
    """Build the encoder of a target, and write its vectors of what is asked to a file."""
    module, _, path = target.partition(":")
    make = importlib.import_module(module)
    for name in path.split("."):
        make = getattr(make, name)
    options, fitted, texts = pickle.loads(Path(asked).read_bytes())
    encoder = make(options)
    if fitted:
        encoder.fit(texts)
    np.save(answer, np.asarray(encoder.encode(texts)))


if __name__ == "__main__":
    main(*sys.argv[1:])
