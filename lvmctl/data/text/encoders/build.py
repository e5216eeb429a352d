"""Encoders by name, and the one that made a store."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import numpy as np

from lvmctl.config import bind
from lvmctl.core.errors import DataError, UsageError, refuse
from lvmctl.core.trust import refuse_untrusted
from lvmctl.data.fingerprint import fingerprint, space_fault
from lvmctl.data.store.arrays import unit
from lvmctl.data.store.store import Store
from lvmctl.data.text.embed import Encoder, load_encoder
from lvmctl.registry import Entry, load_registry
from lvmctl.registry.build import build
from lvmctl.registry.faults import attribute_errors
from lvmctl.registry.find import CORE
from lvmctl.registry.needs import require
from lvmctl.registry.specs import EncoderSpec

CHECKED = 3
"""Texts of a store that are encoded again to see that the encoder is the one that made it."""

ALIKE = 1 - 1e-3
"""Cosine of a stored vector with its text's, encoded again: float16 rounds, kernels differ."""


def build_encoder(name: str, layers: Sequence[tuple[str, Any]]) -> tuple[Entry, Encoder]:
    """The encoder ``name`` with the options of ``layers``, not fitted yet, and its entry."""
    registry = load_registry()
    entry = registry.get("encoder", name)
    require(cast(EncoderSpec, entry.record))
    options = bind(entry.record.options, layers).options
    encoder = build(registry, entry, options=options)
    return entry, encoder if entry.plugin.origin == CORE else AttributedEncoder(entry, encoder)


class AttributedEncoder:
    """A plugin's encoder, whose errors name the plugin, its file and line."""

    def __init__(self, entry: Entry, encoder: Encoder) -> None:
        self._entry, self._encoder = entry, encoder

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._encoder, name)
        return attribute_errors(self._entry)(value) if callable(value) else value


def encoder_of(store: Store) -> tuple[Entry, Encoder]:
    """The encoder that made a store, fitted, and its entry; a DataError where the store does not
    say, lacks what the encoder learned, or has other vectors than it gives now."""
    recipe = store.manifest.get("encoder")
    if not isinstance(recipe, dict) or not isinstance(recipe.get("name"), str):
        hint = "use a store made by lvmctl data embed"
        raise DataError("does not say which encoder made it", where=store.path, hint=hint)
    made = store.manifest.get("made")
    name = made.get("encoder", recipe["name"]) if isinstance(made, dict) else recipe["name"]
    entry, encoder = encoder_in(store.path, recipe, name)
    fault = encoder_fault(encoder.encode, store)
    hint = "the encoder has changed: embed the texts again and train anew"
    refuse(fault, f"its encoder gives other vectors now: {fault}", store.path, hint)
    return entry, encoder


def encoder_in(folder: Path, recipe: Mapping[str, Any], name: str) -> tuple[Entry, Encoder]:
    """The encoder of a ``recipe``, and its entry; what it learned, if it does, is in ``folder``."""
    refuse_untrusted(str(name), folder)
    try:
        entry = _entry(name)
    except UsageError as error:
        what = f"was encoded by {name}, which is no encoder that is installed"
        hint = "install its plugin, or use vectors in the place of texts"
        raise UsageError(what, where=folder, hint=hint) from error
    known = entry.record.options.__dataclass_fields__
    saved = {key: value for key, value in recipe.items() if key in known}
    _, encoder = build_encoder(entry.saved, [(str(folder), saved)])
    if entry.record.fitted:
        load_encoder(encoder, folder)
    return entry, encoder


def _entry(name: str) -> Entry:
    """The encoder that a store names, or knows by the name it has elsewhere; what core had once, a
    plugin has now."""
    registry = load_registry()
    for entry in registry.entries("encoder"):
        if name in entry.record.known_as:
            return entry
    owner, _, bare = name.rpartition("/")
    gone = not any(entry.means(name) for entry in registry.entries("encoder"))
    return registry.get("encoder", bare if owner == CORE.name and gone else name)


def encode_units(encoder: Encoder, texts: Sequence[str]) -> np.ndarray:
    """Texts (n,) as unit vectors (n, D) float32."""
    return unit(np.asarray(encoder.encode(texts), np.float32))


def encoder_fault(encode: Callable[[Sequence[str]], np.ndarray], store: Store) -> str | None:
    """Why vectors of ``encode`` are not those of the store; None where they are, or the store has
    neither a fingerprint nor texts to tell."""
    now = fingerprint(encode)
    if now is not None and now["dim"] != store.dim:
        return f"they have {now['dim']} numbers, those of the store {store.dim}"
    if fault := space_fault({"fingerprint": now}, store.manifest.get("encoder")):
        return fault
    texts = [text for _, text in zip(range(CHECKED), store.texts())]
    if not texts:
        return None
    again = unit(np.asarray(encode(texts), np.float32))
    stored = unit(store.vectors[: len(texts)])
    same = again.shape == stored.shape and np.einsum("nd,nd->n", again, stored).min() >= ALIKE
    return None if same else "its texts have other vectors when they are encoded again"
