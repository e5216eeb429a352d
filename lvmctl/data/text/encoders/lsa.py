"""Latent semantic analysis: TF-IDF → truncated SVD → unit rows, in float64 on one thread."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from itertools import pairwise

import numpy as np
import torch

from lvmctl.core.errors import refuse
from lvmctl.core.formatting import percent
from lvmctl.data.text.encoders.records import LsaOptions
from lvmctl.data.text.segmentation import words

_BATCH = 4096
_POWER_ITERATIONS = 4
_OVERSAMPLE = 10


class Lsa:
    """The offline encoder.

    A text's weights are (1 + log tf)·idf per term, normalised, then projected onto the leading
    right singular vectors of the fitted corpus. A text without any known term gets the corpus's
    mean direction, never a zero vector. The result is the same on every run.

    Args:
        options: see :class:`LsaOptions`.
    """

    def __init__(self, options: LsaOptions) -> None:
        self.options = options
        self._terms: dict[str, int] = {}
        self._idf = np.empty(0)
        self._components = np.empty((0, 0), np.float32)
        self._mean = np.empty(0, np.float32)
        self._basis = torch.empty(0, 0)

    def fit(self, texts: Sequence[str]) -> None:
        """Learn terms, their weights and the projection from a corpus."""
        if len(texts) > self.options.fit_texts:
            chosen = np.linspace(0, len(texts) - 1, self.options.fit_texts).astype(int)
            texts = [texts[i] for i in chosen]
        counts = [Counter(self._tokens(text)) for text in texts]
        self._choose_terms(counts)
        with _one_thread():
            matrix = self._weights(counts)
            rank = min(self.options.dim, *matrix.shape)
            basis = _right_singular_vectors(matrix, rank, self.options.seed)
            self._components = basis.float().numpy()
            self._basis = torch.from_numpy(self._components).double()
            mean = _normalised((matrix @ basis).numpy()).mean(0)
        self._mean = (mean / np.linalg.norm(mean)).astype(np.float32)

    def encode(self, texts: Sequence[str]) -> np.ndarray:
        """Unit vectors (N, D) float32."""
        rows = np.empty((len(texts), self._basis.shape[1]), np.float32)
        with _one_thread():
            for low in range(0, len(texts), _BATCH):
                counts = [Counter(self._tokens(text)) for text in texts[low : low + _BATCH]]
                projected = (self._weights(counts) @ self._basis).numpy()
                unknown = np.linalg.norm(projected, axis=1) < 1e-9
                projected[unknown] = self._mean
                rows[low : low + _BATCH] = _normalised(projected)
        return rows

    @property
    def unknown(self) -> np.ndarray:
        """The vector (D,) of a text without any known term."""
        return _normalised(self._mean[None].astype(np.float64))[0].astype(np.float32)

    def recipe(self) -> dict[str, object]:
        """What the store's manifest says about the encoder."""
        return {
            "name": "lsa",
            **asdict(self.options),
            "dim": self._components.shape[1],
            "terms": len(self._terms),
        }

    def state(self) -> dict[str, np.ndarray]:
        """What :meth:`restore` needs, as plain arrays."""
        terms = "\n".join(self._terms).encode()
        return {
            "terms": np.frombuffer(terms, np.uint8),
            "idf": self._idf,
            "components": self._components,
            "mean": self._mean,
        }

    def restore(self, state: dict[str, np.ndarray]) -> None:
        """Become the encoder that ``state`` was taken from (its options are the recipe's)."""
        terms = state["terms"].tobytes().decode().split("\n")
        self._terms = {term: index for index, term in enumerate(terms)}
        self._idf, self._components = state["idf"], state["components"]
        self._mean = state["mean"]
        self._basis = torch.from_numpy(self._components).double()

    def _tokens(self, text: str) -> list[str]:
        terms = words(text)
        if self.options.bigrams:
            terms += [f"{first} {second}" for first, second in pairwise(terms)]
        return terms

    def _choose_terms(self, counts: list[Counter[str]]) -> None:
        seen = Counter(term for count in counts for term in count)
        most = max(1, math.floor(self.options.max_share * len(counts)))
        candidates = [(-n, term) for term, n in seen.items() if self.options.min_texts <= n <= most]
        chosen = sorted(term for _, term in sorted(candidates)[: self.options.max_terms])
        bounds = f"at least {self.options.min_texts} and at most {most}"
        what = f"no word occurs in {bounds} of the {len(counts)} texts that lsa is fitted on"
        if most < self.options.min_texts:
            few = "1 text is" if len(counts) == 1 else f"{len(counts)} texts are"
            share = percent(self.options.max_share, 0)
            bounds = f"at least {self.options.min_texts} of them and in at most {share}"
            what = f"{few} too few for lsa, which keeps words that occur in {bounds}"
        hint = "give more text, or type --set min_texts=1 --set max_share=1"
        refuse(not chosen, what, hint=hint)
        self._terms = {term: index for index, term in enumerate(chosen)}
        self._idf = np.array([math.log((1 + len(counts)) / (1 + seen[t])) + 1 for t in chosen])

    def _weights(self, counts: list[Counter[str]]) -> torch.Tensor:
        """Sparse (N, terms) float64, rows of unit norm (zero where no term is known)."""
        rows, columns, values = [], [], []
        for row, count in enumerate(counts):
            known = sorted((self._terms[t], n) for t, n in count.items() if t in self._terms)
            index = [term for term, _ in known]
            weights = np.array([1 + math.log(n) for _, n in known]) * self._idf[index]
            rows += [row] * len(index)
            columns += index
            values.append(weights / (np.linalg.norm(weights) or 1.0))
        return torch.sparse_coo_tensor(
            torch.tensor([rows, columns], dtype=torch.int64),
            torch.from_numpy(np.concatenate(values)),
            (len(counts), len(self._terms)),
            is_coalesced=True,
            check_invariants=True,
        )


def _right_singular_vectors(matrix: torch.Tensor, rank: int, seed: int) -> torch.Tensor:
    """The leading ``rank`` right singular vectors (terms, rank) of a sparse matrix.

    Randomised subspace iteration; each vector's largest entry is positive, so signs are fixed.
    """
    transposed = matrix.t().coalesce()
    width = min(rank + _OVERSAMPLE, *matrix.shape)
    start = np.random.default_rng(seed).standard_normal((matrix.shape[1], width))
    basis, _ = torch.linalg.qr(torch.from_numpy(start))
    for _ in range(_POWER_ITERATIONS):
        left, _ = torch.linalg.qr(matrix @ basis)
        basis, _ = torch.linalg.qr(transposed @ left)
    small = matrix @ basis
    _, vectors = torch.linalg.eigh(small.T @ small)
    singular = (basis @ vectors.flip(1))[:, :rank]
    largest = singular.gather(0, singular.abs().argmax(0, keepdim=True))
    return singular * largest.sign()


def _normalised(rows: np.ndarray) -> np.ndarray:
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-300)


@contextmanager
def _one_thread() -> Iterator[None]:
    # Sums in a fixed order, whatever the number of cores.
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
