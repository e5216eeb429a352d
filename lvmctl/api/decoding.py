"""Vectors as texts: the decoders of core and of plugins, put to use."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from lvmctl.api.arrays import unit_rows
from lvmctl.api.model import Model
from lvmctl.api.store import Store, open_store
from lvmctl.config import bind
from lvmctl.core.batch import Decoded
from lvmctl.core.errors import LvmctlError, UsageError, refuse
from lvmctl.data.text.encoders.build import encode_units, encoder_fault, encoder_of
from lvmctl.registry import Entry, Registry, load_registry
from lvmctl.registry.build import build, taken
from lvmctl.registry.faults import attribute_errors
from lvmctl.registry.needs import require
from lvmctl.registry.specs import DecoderSpec

if TYPE_CHECKING:
    from lvmctl.api.arrays import Vectors
    from lvmctl.api.store import Source

BATCH = 1024
"""Vectors that are decoded at a time."""


class Decoder:
    """A decoder of the vectors of one store's space; made by :func:`lvmctl.load_decoder`.

    Attributes:
        name: as it is typed.
        store: the store whose space it decodes.
    """

    def __init__(self, entry: Entry, decoder: Any, store: Store, model: Model | None) -> None:
        self._entry, self._decoder, self._model = entry, decoder, model
        self.name: str = entry.name
        self.store: Store = store

    def __repr__(self) -> str:
        return f"<lvmctl.Decoder {self.name} of {self.store.name}>"

    def decode(self, vectors: Vectors) -> Decoded:
        """Say in words what vectors mean.

        Args:
            vectors: (N, D) chunk vectors of the store's space, or what the model predicted; of any
                norm, only their direction counts.

        Returns:
            N texts, and the cosine of each vector to that of its text where the decoder knows it
            or the store's encoder is at hand.

        Raises:
            DataError: another D, NaN, infinity or a vector of 0.
            PluginError: the decoder fails, or gives something else than N texts.

        Example:
            >>> texts = ["Rain fell.\\n\\nThe river rose.", "Bread is baked.\\n\\nBread is eaten."]
            >>> store = lvmctl.embed(texts, out=tmp_path / "s", min_texts=1, max_share=1.0)
            >>> lvmctl.load_decoder("nearest", store).decode(store.vectors[2:3]).texts
            ['Bread is baked.']
        """
        rows = unit_rows(vectors, self.store.dim, self.store.name)
        parts = [self._part(rows[low : low + BATCH]) for low in range(0, len(rows), BATCH)]
        cosines = [part.cosines for part in parts if part.cosines is not None]
        return Decoded(
            [text for part in parts for text in part.texts],
            np.concatenate(cosines) if parts and len(cosines) == len(parts) else None,
        )

    def _part(self, rows: np.ndarray) -> Decoded:
        """What the decoder says of unit vectors (n, D), with cosines if they can be known."""
        with attribute_errors(self._entry):
            result = self._decoder.decode(rows.copy())
            decoded = result if isinstance(result, Decoded) else Decoded(list(result))
            texts, cosines = list(decoded.texts), decoded.cosines
            if len(texts) != len(rows) or not all(isinstance(text, str) for text in texts):
                raise TypeError(f"decode() gives a text for each of {len(rows)} vectors")
            if cosines is not None:
                cosines = np.asarray(cosines, np.float32)
                if cosines.shape != (len(rows),):
                    raise TypeError(f"the cosines of {len(rows)} texts have shape {cosines.shape}")
        return Decoded(texts, self.round_trip(rows, texts) if cosines is None else cosines)

    def round_trip(self, vectors: Vectors, texts: Sequence[str]) -> np.ndarray | None:
        """The cosine of each vector to that of a text, encoded again.

        Args:
            vectors: (N, D), as in :meth:`decode`.
            texts: N of them.

        Returns:
            (N,) float32, NaN where a text is empty; None where no encoder is at hand: the store
            does not say which made it, or it is not installed.
        """
        encoder = self._encoder
        if encoder is None:
            return None
        rows = unit_rows(vectors, self.store.dim, self.store.name)
        cosines = np.full(len(rows), np.nan, np.float32)
        there = np.array([bool(text.strip()) for text in texts], bool)
        if there.any():
            again = encode_units(encoder, [text for text in texts if text.strip()])
            if self._model is not None:
                again = self._model.transform(again)
            cosines[there] = np.einsum("nd,nd->n", again, rows[there])
        return cosines

    @cached_property
    def _encoder(self) -> Any:
        """What encodes texts again: the decoder's own ``encode``, else the store's encoder if it is
        at hand."""
        if hasattr(self._decoder, "encode"):
            return self._decoder
        try:
            return encoder_of(self.store._stored)[1]
        except LvmctlError:
            return None


def load_decoder(
    decoder: str = "nearest",
    store: Source | None = None,
    *,
    model: Model | None = None,
    **options: Any,
) -> Decoder:
    """Load a decoder, which says in words what vectors mean.

    Args:
        decoder: name of a decoder (``lvmctl plugins list --kind decoder``).
        store: the store whose space the vectors lie in; ``nearest`` chooses among its texts. None
            is the demonstration data.
        model: the model whose predictions are decoded. It matters where the run has a transform:
            its predictions lie among transformed chunks.
        options: of the decoder, by name.

    Returns:
        The decoder.

    Raises:
        PluginError: there is no such decoder, or it is broken.
        UsageError: an unknown option, a library is not installed, or the decoder cannot decode
            the predictions of a run that has a transform.
        DataError: the store does not fit the decoder or the model.

    Example:
        >>> texts = ["Rain fell.\\n\\nThe river rose.", "Bread is baked.\\n\\nBread is eaten."]
        >>> store = lvmctl.embed(texts, out=tmp_path / "s", min_texts=1, max_share=1.0)
        >>> lvmctl.load_decoder("nearest", store).decode(store.vectors[1:2]).texts
        ['The river rose.']
    """
    registry = load_registry()
    entry = registry.get("decoder", decoder)
    record = cast(DecoderSpec, entry.record)
    require(record)
    bound: Any = bind(record.options, [(f"decoder {decoder}", options)]).options
    opened = store if isinstance(store, Store) else open_store(store)
    return decoder_of(registry, entry, bound, opened, model)


def decoder_of(
    registry: Registry, entry: Entry, options: Any, store: Store, model: Model | None = None
) -> Decoder:
    """What :func:`load_decoder` gives, of a decoder that is found and whose options are bound."""
    if model is not None:
        model.require_space(store)
    transform = model.transform if model is not None and model.transformed else None
    offered = {"options": options, "store": store, "transform": transform}
    if transform is not None and "transform" not in taken(registry.resolve(entry), offered):
        raise UsageError(
            "it decodes vectors as the encoder made them, and the run predicts transformed ones",
            where=f"decoder {entry.name}",
            hint="use nearest, or a run without transform",
        )
    built = build(registry, entry, **offered)
    if hasattr(built, "encode"):
        fault = encoder_fault(attribute_errors(entry)(built.encode), store._stored)
        what = f"the decoder {entry.name} is of another encoder than the store: {fault}"
        refuse(fault, what, store.path, "use the decoder of the store's encoder, or nearest")
    return Decoder(entry, built, store, model if transform else None)
