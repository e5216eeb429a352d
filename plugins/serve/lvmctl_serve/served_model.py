"""A run that answers: its model, the store it looks things up in, its encoder, its confidence."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

import lvmctl
from lvmctl import LvmctlError
from lvmctl_serve.confidence import Confidence, calibration_error, closeness, measured
from lvmctl_serve.index import StoreIndex

T = TypeVar("T")


class InferItem(NamedTuple):
    """A context (k, D) of unit chunks, and whether its prediction is normalised."""

    context: np.ndarray
    normalize: bool = True


class RankItem(NamedTuple):
    """A context (k, D), its candidates (N, D) or None for the store, how many are wanted, and the
    texts of both where the model reads them."""

    context: np.ndarray
    candidates: np.ndarray | None
    top: int
    read: tuple[list[str], list[str]] | None = None


class ServedModel:
    """One run, ready to answer.

    Attributes:
        name: what a request calls it, the run directory's name.
        model: its model.
        dim: D of what it answers.
        elsewhere: whether its store is of another space than its training data.
        store: what ``/rank`` and the decoder choose from, if it is there.
        run, encoder, decoder, confidence, index: None where there is none.
        identity: a hash of its weights.
        missing: why there is no ``store``, ``encoder``, …; for the log, as it may name places of
            this machine.
    """

    def __init__(
        self, run: str | None, store: lvmctl.Store | None, decoder: str, index: str | None = None
    ) -> None:
        trained = lvmctl.load(run)
        self.model = trained if store is None else trained.require_space(store)
        self.dim = self.model.dim if store is None else store.dim
        self.elsewhere = self.model is not trained
        self.name = self.model.path.resolve().name
        self.identity = identity(self.model.path)
        self.missing: dict[str, str] = {}
        self.run = self._attempt("run", self._open_run)
        self.config: dict[str, Any] = {} if self.run is None else self.run.config
        self.store = store or self._attempt("store", self._training_store)
        self.encoder = self._attempt("encoder", self._training_encoder)
        self.decoder = self._attempt("decoder", lambda: self._load_decoder(decoder))
        self.confidence = self._attempt("confidence", self._calibrate)
        self.index = None if index is None else self._build_index(index)
        self._vectors: np.ndarray | None = None

    def _attempt(self, name: str, make: Callable[[], T]) -> T | None:
        try:
            return make()
        except LvmctlError as error:
            self.missing[name] = str(error)
            return None

    def _open_run(self) -> lvmctl.Run:
        run = lvmctl.Run(self.model.path)
        if "splits" not in run.config:
            raise lvmctl.DataError("a published model does not say what it was trained on")
        return run

    def _require_own_space(self) -> lvmctl.Run:
        """The run, where it serves the space that it was trained in."""
        if self.elsewhere:
            raise lvmctl.DataError("the store is of another encoder than the training data")
        if self.run is None:
            raise lvmctl.DataError(self.missing["run"])
        return self.run

    def _training_store(self) -> lvmctl.Store:
        self._require_own_space()
        data = self.config["data"]
        return lvmctl.open_store(data["data"] or next(iter(data["train"] or ()), None))

    def _training_encoder(self) -> Any:
        self._require_own_space()
        return self.model.encoder

    def _load_decoder(self, name: str) -> lvmctl.Decoder:
        if self.store is None:
            raise lvmctl.DataError("there is no store to decode by", hint="give --store STORE")
        return lvmctl.load_decoder(name, self.store, model=self.model)

    def _calibrate(self) -> Confidence:
        run = self._require_own_space()
        if self.config["options"].get("direction", "forward") != "forward":
            raise lvmctl.DataError("a run that reads backward has no calibrated confidence")
        return Confidence.fit(self.model, run.splits().val)

    def _build_index(self, name: str) -> StoreIndex | None:
        """The index of the store, where a ranking is a search for the chunks nearest to q."""
        if self.store is None:
            self.missing["index"] = "there is no store to search"
        elif self.model.has_score or self.model.reads:
            self.missing["index"] = "it ranks by more than the cosine to its prediction"
        else:
            return StoreIndex(name, self.model, self.store)
        return None

    def describe(self) -> dict[str, Any]:
        """Sizes and names, without a path."""
        parameters = list(self.model.module.parameters())
        buffers = list(self.model.module.buffers())
        width = self.config.get("model", {}).get("options", {}).get("width")
        return {
            "context_length": self.model.context_length,
            "vector_dim": self.dim,
            "hidden_dim": width if isinstance(width, int) else None,
            "parameters": sum(p.numel() for p in parameters),
            "parameters_trainable": sum(p.numel() for p in parameters if p.requires_grad),
            "memory_mb": sum(t.numel() * t.element_size() for t in parameters + buffers) / 2**20,
        }

    @property
    def model_encoder(self) -> dict[str, Any] | None:
        """What the training data says about its encoder."""
        return self.config.get("splits", {}).get("train", {}).get("encoder")

    @property
    def store_name(self) -> str | None:
        """The last part of the store's name."""
        return None if self.store is None else self.store.name.rpartition("/")[2]

    @property
    def store_identity(self) -> str | None:
        """A hash of the store's content."""
        return None if self.store is None else self.store.describe()["content_hash"]

    def confidence_line(self) -> str:
        """How far confidence is off on the test split, in a sentence.

        Raises:
            DataError: there is no confidence, or no test split.
        """
        if self.run is None or self.confidence is None:
            raise lvmctl.DataError(self.missing["confidence"], where=self.name)
        test = self.run.splits().test
        if test is None:
            raise lvmctl.DataError("its data has no test split", where=self.name)
        near, cosines = measured(self.model, test)
        confidence = self.confidence(near)
        error = calibration_error(confidence, cosines)
        return (
            f"{self.name}: expected calibration error {error:.4f} on {len(near):,} test windows "
            f"(mean confidence {confidence.mean():.3f}, mean cosine {cosines.mean():.3f})"
        )

    # ---------------------------------------------------- what the batches compute

    def infer(self, items: Sequence[InferItem]) -> list[tuple[np.ndarray, float | None]]:
        """The prediction (D,) and the confidence of each item."""
        contexts = [item.context[-self.model.context_length :] for item in items]
        together = stacked(contexts)
        vectors = q = self.model.predict(together)
        if not all(item.normalize for item in items):
            raw = self.model.predict(together, normalize=False)
            kept = np.array([[item.normalize] for item in items])
            vectors = np.where(kept, q, raw)
        if self.confidence is None:
            return [(vector, None) for vector in vectors]
        if self.model.transformed:
            contexts = [self.model.transform(rows) for rows in contexts]
        return list(zip(vectors, self.confidence(closeness(q, contexts)).tolist()))

    def rank(self, items: Sequence[RankItem]) -> list[tuple[np.ndarray, np.ndarray]]:
        """Numbers of candidates and their scores, the best first, of each item."""
        groups: dict[int | None, list[int]] = {}
        results: list[Any] = [None] * len(items)
        for number, item in enumerate(items):
            if item.read is not None:
                assert item.candidates is not None
                ranking = self.model.rank(item.context, item.candidates, item.top, read=item.read)
                results[number] = tuple(ranking)
                continue
            size = None if item.candidates is None else len(item.candidates)
            groups.setdefault(size, []).append(number)
        for numbers in groups.values():
            contexts = stacked([items[number].context for number in numbers])
            top = max(items[number].top for number in numbers)
            pools = [pool for n in numbers if (pool := items[n].candidates) is not None]
            if pools:
                indices, scores = self.model.rank(contexts, np.stack(pools), top)
            else:
                indices, scores = self._rank_in_store(contexts, top)
            for row, number in enumerate(numbers):
                kept = np.flatnonzero(indices[row] >= 0)[: items[number].top]
                results[number] = indices[row, kept], scores[row, kept]
        return results

    def _rank_in_store(self, contexts: Any, top: int) -> Any:
        """Chunks of the store: by cosine in bounded memory, by an index that finds about the
        same, or by the model's own score."""
        assert self.store is not None
        if self.index is not None:
            return self.index.nearest(self.model.predict(contexts), top)
        if not self.model.has_score:
            transform = self.model.transform if self.model.transformed else None
            return self.store.nearest(self.model.predict(contexts), top, transform)
        if self._vectors is None:
            self._vectors = unit(self.store.vectors)
        return self.model.rank(contexts, self._vectors, top)

    def encode(self, items: Sequence[Sequence[str]]) -> list[np.ndarray]:
        """Unit vectors (n, D) of each list of texts."""
        assert self.encoder is not None
        texts = [" ".join(text.split()) for item in items for text in item]
        vectors = unit(np.asarray(self.encoder.encode(texts)))
        return np.split(vectors, np.cumsum([len(item) for item in items])[:-1])

    def decode(self, items: Sequence[np.ndarray]) -> list[lvmctl.Decoded]:
        """What each item's vectors (n, D) say."""
        assert self.decoder is not None
        said = self.decoder.decode(np.concatenate(items))
        ends = np.cumsum([len(vectors) for vectors in items]).tolist()
        return [
            lvmctl.Decoded(
                said.texts[low:high], None if said.cosines is None else said.cosines[low:high]
            )
            for low, high in zip([0, *ends], ends)
        ]

    # ------------------------------------------------------------- store look-ups

    def chunk_names(self, numbers: np.ndarray) -> list[str]:
        """``ARTICLE:PLACE`` of chunks of the store, places from 0."""
        assert self.store is not None
        ends = np.cumsum(self.store.lengths)
        articles = np.searchsorted(ends, numbers, side="right")
        places = numbers - (ends - self.store.lengths)[articles]
        ids = [self.store.articles[article]["id"] for article in articles]
        return [f"{name}:{place}" for name, place in zip(ids, places)]

    def article_chunks(self, article: str) -> np.ndarray | None:
        """Numbers of an article's chunks by its id; None where there is no such article."""
        assert self.store is not None
        ids = [str(entry["id"]) for entry in self.store.articles]
        if article not in ids:
            return None
        number = ids.index(article)
        first = int(self.store.lengths[:number].sum())
        return np.arange(first, first + int(self.store.lengths[number]))

    def chunk_vectors(self, numbers: np.ndarray) -> np.ndarray:
        """Unit vectors (n, D) of chunks of the store."""
        assert self.store is not None
        return unit(self.store.vectors[numbers])


def identity(path: Path) -> str:
    """A hash of the weights' file of a run, or of a published model."""
    weights = path if path.is_file() else path / "best_model.pt"
    return f"sha256:{hashlib.sha256(weights.read_bytes()).hexdigest()}"


def stacked(contexts: list[np.ndarray]) -> Any:
    """Contexts (B, k, D) where they are of one length, else the list of them."""
    return np.stack(contexts) if len({len(rows) for rows in contexts}) == 1 else contexts


def unit(vectors: np.ndarray) -> np.ndarray:
    """Rows (n, D) float32 of unit norm."""
    rows = np.asarray(vectors, np.float32)
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)
