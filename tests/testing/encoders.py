"""Encoders that are sound, and ones that break one rule each."""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import asdict, dataclass

import numpy as np

from lvmctl.config import option
from lvmctl.core.errors import DataError, UsageError
from lvmctl.testing.checks.encoder import COOKING, corpus


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

    def row(self, text):
        if not re.search(r"[^\W\d_]", text):
            raise DataError("has no word", where=repr(text[:10]), hint="leave it out")
        return super().row(text)


class Reading(Hashing):
    """A sound encoder that reads nineteen words of a text."""

    max_length = 20
    reads = 19

    def row(self, text):
        return super().row(" ".join(text.split()[: self.reads]))

    def lengths(self, texts):
        return [1 + len(text.split()) for text in texts]


class ReadingOn(Reading):
    reads = 22


class ReadingLittle(Reading):
    def row(self, text):
        return super().row(" ".join(text.split()[1:20]) if len(text.split()) > 15 else text)


class Uncounted(Reading):
    lengths = property()


class Miscounting(Reading):
    def lengths(self, texts):
        return [min(20, 1 + len(text.split())) for text in texts]


class Lists(Hashing):
    def encode(self, texts):
        return super().encode(texts).tolist()


class Doubles(Hashing):
    def encode(self, texts):
        return super().encode(texts).astype(np.float64)


class Flat(Hashing):
    def encode(self, texts):
        rows = super().encode(texts)
        return rows[0] if len(texts) == 1 else rows


class Growing(Hashing):
    def encode(self, texts):
        rows = super().encode(texts)
        return rows if len(texts) != 2 else np.pad(rows, ((0, 0), (0, 1)))


class Padding(Hashing):
    def encode(self, texts):
        rows = super().encode(texts)
        return rows if len(texts) else np.ones((1, self.options.dim), np.float32)


class Overflowing(Hashing):
    def encode(self, texts):
        return super().encode(texts) * np.float32(np.inf)


class Cutting(Hashing):
    def encode(self, texts):
        return super().encode([text[low : low + 1000] for text in texts for low in self.lows(text)])

    def lows(self, text):
        return range(0, max(len(text), 1), 1000)


class Listing(Hashing):
    def recipe(self):
        return [super().recipe()]


class Unsaid(Hashing):
    def encode(self, texts):
        return 1.01 * super().encode(texts)


class Vanishing(Long):
    def row(self, text):
        return super().row(text) * (text != corpus(COOKING)[3])


class Centring(Hashing):
    def encode(self, texts):
        rows = super().encode(texts)
        rows = rows - 0.1 * rows.mean(axis=0)
        return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float32)


class Sorting(Hashing):
    def encode(self, texts):
        return super().encode(sorted(texts))


class Drifting(Hashing):
    def row(self, text):
        self.calls = getattr(self, "calls", 0) + 1
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
    made = 0

    def __init__(self, options):
        super().__init__(options)
        Initialised.made += 1
        self.made = Initialised.made

    def row(self, text):
        return super().row(f"{self.made}{text}")


class Constant(Hashing):
    def row(self, text):
        return super().row("")


class Stumbling(Hashing):
    def row(self, text):
        return super().row(text if text.split()[0] else "")


class Empty(Hashing):
    def row(self, text):
        return super().row(text) * bool(text.strip())


class Wordy(Refusing):
    def row(self, text):
        try:
            return super().row(text)
        except DataError as error:
            raise DataError(f"{error}\nand so on") from error


class Anonymous(Hashing):
    def recipe(self):
        return asdict(self.options)


class Forgetful(Hashing):
    def recipe(self):
        return {"name": "x"}


class Opaque(Hashing):
    def recipe(self):
        return super().recipe() | {"weights": np.ones(2)}


class Counting(Hashing):
    texts = 0

    def encode(self, texts):
        self.texts += len(texts)
        return super().encode(texts)

    def recipe(self):
        return super().recipe() | {"texts": self.texts}


class Greedy(Fitted):
    """It learns, and does not say so."""

    common = np.zeros(6, np.float32)


class Stateless(Fitted):
    restore = property()


class Pickled(Fitted):
    def state(self):
        return {"common": np.array([{"v": self.common}], object)}


class Rounding(Fitted):
    def state(self):
        return {"common": self.common.round(1)}


def download() -> None:
    """What a hub would be asked."""


class Remote(Hashing):
    def __init__(self, options):
        download()
        raise DataError("the model is not here", hint="go online")


class Missing(Hashing):
    def __init__(self, options):
        raise UsageError("its library is not installed", hint="pip install it")
