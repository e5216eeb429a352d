"""How a plugin declares itself in a process of its own, where nothing was imported before."""

from __future__ import annotations

import importlib
import json
import os
import subprocess
import sys
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lvmctl.registry.declare import records_of
from lvmctl.registry.find import Found
from lvmctl.testing.check import CheckFailed
from lvmctl.testing.inputs.child import last_words, python

HEAVY = frozenset(
    {
        "faiss",
        "jax",
        "matplotlib",
        "numba",
        "numpy",
        "pandas",
        "polars",
        "scipy",
        "sentence_transformers",
        "sklearn",
        "tensorflow",
        "tokenizers",
        "torch",
        "torchvision",
        "transformers",
    }
)
"""Packages that take long to import."""

ENVIRON = Path("/proc/self/environ")
MARK = "\x1elvmctl\x1e"
TIMEOUT_S = 600.0
"""Seconds after which a process counts as hanging, on however busy a machine."""


@dataclass(frozen=True)
class Declared:
    """What was seen.

    Attributes:
        seconds: CPU time, beyond what importing the records of ``lvmctl`` takes.
        heavy: which of :data:`HEAVY` were loaded.
        printed: what went to stdout.
        changed: environment variables that changed, and ``the working directory`` if that did.
        records: what the hooks returned, written out.
        again: the same of a second call.
        same: whether the records of the two calls are equal.
    """

    seconds: float
    heavy: list[str]
    printed: str
    changed: list[str]
    records: list[str]
    again: list[str]
    same: bool


def declared(found: Found) -> Declared:
    """Declare a plugin in a new process with this one's import path.

    Nothing that the plugin has done to this process is there: it starts in an empty directory with
    the environment that this one was started with.

    Raises:
        CheckFailed: it fails there.
    """
    try:
        with TemporaryDirectory() as empty:
            ended = python(
                *("-m", __name__, found.module),
                environment=environment(),
                place=empty,
                timeout=TIMEOUT_S,
            )
    except subprocess.TimeoutExpired:
        raise CheckFailed(f"{found.module} was not imported within {TIMEOUT_S:g} s") from None
    printed, mark, seen = ended.stdout.rpartition(MARK)
    if ended.returncode or not mark:
        raise CheckFailed(f"importing {found.module} in a new process fails: {last_words(ended)}")
    return Declared(**json.loads(seen) | {"printed": printed})


def environment() -> dict[str, str]:
    """What this process was started with; what it has now where the system does not tell."""
    try:
        lines = ENVIRON.read_bytes().split(b"\0")
    except OSError:
        return dict(os.environ)
    return dict(os.fsdecode(line).split("=", 1) for line in lines if b"=" in line)


def main(module_name: str) -> None:
    """Declare the plugin of a module, twice, and print what that did."""
    importlib.import_module("lvmctl.registry.verdict_specs")
    before, place, known = dict(os.environ), os.getcwd(), set(sys.modules)
    begin = time.process_time()
    module = importlib.import_module(module_name)
    first = list(records_of(module))
    seconds = time.process_time() - begin
    second = list(records_of(module))
    changed = sorted(
        name for name in before | os.environ if before.get(name) != os.environ.get(name)
    )
    changed += ["the working directory"] if os.getcwd() != place else []
    loaded = {name.partition(".")[0] for name in set(sys.modules) - known}
    seen = Declared(
        seconds=seconds,
        heavy=sorted(loaded & HEAVY),
        printed="",
        changed=changed,
        records=list(map(repr, first)),
        again=list(map(repr, second)),
        same=first == second,
    )
    print(f"{MARK}{json.dumps(asdict(seen))}")


if __name__ == "__main__":
    main(sys.argv[1])
