"""An encoder that counts its calls and dies on request, and what an embedding leaves."""

from __future__ import annotations

from pathlib import Path

ENCODER = """
import os, signal
import numpy as np
from lvmctl.data.text import unfinished

unfinished.SAVE_S = 0
calls = []

class Lengths:
    '''Cosine and sine of a text's length; it ends its process where DIES says.'''

    def fit(self, texts):
        pass

    def encode(self, texts):
        with open("calls", "a") as file:
            print(len(texts), file=file)
        calls.append(len(texts))
        dies = os.environ.get("RANK", "0") == os.environ.get("DYING", "0")
        if dies and len(calls) == int(os.environ.get("DIES", 0)):
            os.kill(os.getpid(), signal.SIGKILL)
        angle = np.array([len(text) for text in texts], np.float32)
        return np.stack([np.cos(angle), np.sin(angle)], 1)

    def recipe(self):
        return {"name": "lengths"}
"""


def place(out: Path) -> Path:
    return out.with_name(f".{out.name}.embedding")


def everything(store: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in store.iterdir()}
