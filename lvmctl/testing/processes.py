"""Python processes of their own: how a plugin declares itself where nothing was imported before,
and which vectors an encoder gives where Python hashes otherwise.

A process is started as ``python -m lvmctl.testing.processes declare|encode …``.
"""

from __future__ import annotations

import importlib
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from lvmctl.registry.declare import records_of
from lvmctl.registry.record import load

_SLOW = (
    "faiss jax matplotlib numba numpy pandas polars safetensors scipy sentence_transformers "
    "sklearn tensorflow tokenizers torch torchvision transformers wordllama"
)
HEAVY = frozenset(_SLOW.split())
"""Packages that take long to import."""

ENVIRON = Path("/proc/self/environ")
MARK = "\x1elvmctl\x1e"
SEED = "PYTHONHASHSEED"
TIMEOUT_S = 600.0
"""Seconds after which a process counts as hanging, on however busy a machine."""


class ProcessFailed(Exception):
    """A process did not end well; the message is the last line of its stderr."""


def python(
    *arguments: str,
    environment: Mapping[str, str] = os.environ,
    place: str | Path | None = None,
) -> str:
    """What Python prints to stdout when it runs ``arguments`` to its end with this one's import
    path, in the directory ``place`` (by default the current one).

    Raises:
        ProcessFailed: it exits with another code than 0, or takes longer than :data:`TIMEOUT_S`.
    """
    paths = os.pathsep.join(os.path.abspath(path) for path in sys.path if path)
    try:
        done = subprocess.run(
            [sys.executable, *arguments],
            cwd=place,
            env=dict(environment) | {"PYTHONPATH": paths},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=TIMEOUT_S,
        )
    except subprocess.TimeoutExpired:
        raise ProcessFailed(f"it took more than {TIMEOUT_S:g} s") from None
    if done.returncode:
        lines = done.stderr.strip().splitlines()
        raise ProcessFailed(lines[-1] if lines else f"exit code {done.returncode}")
    return done.stdout


@dataclass(frozen=True)
class Declaration:
    """How a plugin declared itself.

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


def declaration(module: str) -> Declaration:
    """How the plugin of a module declares itself in a new process.

    Nothing that the plugin has done to this process is there: it starts in an empty directory with
    the environment that this one was started with.
    """
    with TemporaryDirectory() as empty:
        output = python("-m", __name__, "declare", module, environment=_started_with(), place=empty)
    printed, _, answer = output.rpartition(MARK)
    return Declaration(**json.loads(answer) | {"printed": printed})


def _started_with() -> dict[str, str]:
    """The environment this process was started with; its present one where the system does not
    tell."""
    try:
        lines = ENVIRON.read_bytes().split(b"\0")
    except OSError:
        return dict(os.environ)
    return dict(os.fsdecode(line).split("=", 1) for line in lines if b"=" in line)


def declare(module_name: str) -> None:
    """Declare the plugin of a module, twice, and print what that did."""
    importlib.import_module("lvmctl.registry.verdict_specs")
    before, place, known = dict(os.environ), os.getcwd(), set(sys.modules)
    begin = time.process_time()
    module = importlib.import_module(module_name)
    first = list(records_of(module))
    seconds = time.process_time() - begin
    second = list(records_of(module))
    names = before | os.environ
    changed = sorted(name for name in names if before.get(name) != os.environ.get(name))
    changed += ["the working directory"] if os.getcwd() != place else []
    loaded = {name.partition(".")[0] for name in set(sys.modules) - known}
    seen = Declaration(
        seconds=seconds,
        heavy=sorted(loaded & HEAVY),
        printed="",
        changed=changed,
        records=list(map(repr, first)),
        again=list(map(repr, second)),
        same=first == second,
    )
    print(f"{MARK}{json.dumps(asdict(seen))}")


def vectors_elsewhere(target: str, options: object, fitted: bool, texts: list[str]):
    """What an encoder, fitted to ``texts`` if it learns, makes of them in a new process: (N, D).

    The process has this one's environment and another ``PYTHONHASHSEED``, as every process has by
    default. Nothing is downloaded.

    Raises:
        ProcessFailed: it cannot be built or used there.
    """
    import numpy as np

    other = "1" if os.environ.get(SEED) != "1" else "2"
    changed = {SEED: other, "HF_HUB_OFFLINE": "1", "TRANSFORMERS_OFFLINE": "1"}
    with TemporaryDirectory() as place:
        task, answer = Path(place, "task"), Path(place, "answer.npy")
        try:
            task.write_bytes(pickle.dumps([options, fitted, texts]))
        except Exception as error:  # options that cannot be pickled raise what they like
            raise ProcessFailed(repr(error)) from error
        files = (str(task), str(answer))
        python("-m", __name__, "encode", target, *files, environment=os.environ | changed)
        return np.load(answer, allow_pickle=False)


def encode(target: str, task: str, answer: str) -> None:
    """Build the encoder of a target, and write its vectors of a task's texts to a file."""
    import numpy as np

    options, fitted, texts = pickle.loads(Path(task).read_bytes())
    encoder = load(target)(options)
    if fitted:
        encoder.fit(texts)
    np.save(answer, np.asarray(encoder.encode(texts)))


if __name__ == "__main__":
    {"declare": declare, "encode": encode}[sys.argv[1]](*sys.argv[2:])
