"""Encoders that are sound, and changes that break one rule each."""

from __future__ import annotations

import hashlib
import os
import re
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from lvmctl.config import option
from lvmctl.core.errors import DataError, UsageError


@dataclass(frozen=True, kw_only=True)
class Options:
    dim: int = option(6, "D", low=2, high=100)


class Hashing:
    """A sound encoder that learns nothing: each text is a random direction."""

    def __init__(self, options):
        self.options = options

    def fit(self, texts):
        pass

    def encode(self, texts):
        rows = np.array([self.row(text) for text in texts], np.float32)
        return rows.reshape(len(texts), self.options.dim)

    def row(self, text):
        seed = int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")
        row = np.random.default_rng(seed).standard_normal(self.options.dim)
        return row / np.linalg.norm(row)

    def recipe(self):
        return {"name": "x", **asdict(self.options)}


class Fitted(Hashing):
    """A sound encoder that learns a direction for its whole corpus."""

    def fit(self, texts):
        self.common = self.row("\n".join(texts)).astype(np.float32)

    def encode(self, texts):
        rows = super().encode(texts) + 0.5 * self.common
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)

    def state(self):
        return {"common": self.common}

    def restore(self, state):
        self.common = state["common"]


class Long(Hashing):
    """A sound encoder that says that its vectors have other norms."""

    def encode(self, texts):
        return 3 * super().encode(texts)

    def recipe(self):
        return super().recipe() | {"normalized": False}


class Refusing(Hashing):
    """A sound encoder that refuses a text without letters."""

    says = "has no word"

    def row(self, text):
        if not re.search(r"[^\W\d_]", text):
            raise DataError(self.says, where=repr(text[:10]), hint="leave it out")
        return super().row(text)


class Reading(Hashing):
    """A sound encoder that reads nineteen words of a text."""

    max_length = 20
    reads = 19

    def row(self, text):
        return super().row(" ".join(text.split()[: self.reads]))

    def lengths(self, texts):
        return [1 + len(text.split()) for text in texts]


# ------------------------------------------------------------------ what breaks a rule


def giving(rows: Callable[[np.ndarray], Any]) -> type:
    """An encoder that gives ``rows`` of a sound one's."""

    class Giving(Hashing):
        def encode(self, texts):
            return rows(super().encode(texts))

    return Giving


def reading(other: Callable[[str], str]) -> type:
    """An encoder that reads another text than it is given."""

    class Other(Hashing):
        def row(self, text):
            return super().row(other(text))

    return Other


def saying(recipe: Callable[[dict[str, Any]], Any]) -> type:
    """An encoder that says ``recipe`` of a sound one's."""

    class Saying(Hashing):
        def recipe(self):
            return recipe(super().recipe())

    return Saying


def centred(rows: np.ndarray) -> np.ndarray:
    """Unit rows that depend on all others."""
    rows = rows - 0.1 * rows.mean(axis=0)
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class Cutting(Hashing):
    """A long text becomes several rows."""

    def encode(self, texts):
        cut = [t[low : low + 1000] for t in texts for low in range(0, max(len(t), 1), 1000)]
        return super().encode(cut)


class Vanishing(Long):
    """One text has no direction."""

    def row(self, text):
        return super().row(text) * ("pepper" not in text)


class ReadingLittle(Reading):
    """It leaves out the first word of a long text."""

    def row(self, text):
        words = text.split()
        return super().row(" ".join(words[1:20]) if len(words) > 15 else text)


class Sorting(Hashing):
    def encode(self, texts):
        return super().encode(sorted(texts))


class Drifting(Hashing):
    calls = 0

    def row(self, text):
        self.calls += 1
        return super().row(text if self.calls < 80 else f"{text}!")


class Hashed(Hashing):
    """Python hashes a text otherwise in every process."""

    def row(self, text):
        return super().row(str(hash(text)))


class HashedFit(Fitted):
    def fit(self, texts):
        super().fit([str(hash(text)) for text in texts])


class OnlyHere(Hashing):
    """It cannot be made but in the process that ``ENCODER_HOME`` names."""

    def __init__(self, options):
        super().__init__(options)
        if os.environ["ENCODER_HOME"] != str(os.getpid()):
            raise UsageError("its server knows another process")


class Initialised(Hashing):
    """Another encoder each time it is made."""

    made = 0

    def __init__(self, options):
        super().__init__(options)
        Initialised.made += 1
        self.made = Initialised.made

    def row(self, text):
        return super().row(f"{self.made}{text}")


class Empty(Hashing):
    """White space has no direction."""

    def row(self, text):
        return super().row(text) * bool(text.strip())


class Counting(Hashing):
    """Its recipe counts texts."""

    texts = 0

    def encode(self, texts):
        self.texts += len(texts)
        return super().encode(texts)

    def recipe(self):
        return super().recipe() | {"texts": self.texts}


def download() -> None:
    """What a hub would be asked."""


class Remote(Hashing):
    def __init__(self, options):
        download()
        raise DataError("the model is not here", hint="go online")


class Missing(Hashing):
    def __init__(self, options):
        raise UsageError("its library is not installed", hint="pip install it")
