"""Static vectors against the library's own."""

from __future__ import annotations

import numpy as np
import pytest
from lvmctl_encoders.files import packaged
from lvmctl_encoders.plugin import StaticOptions

import lvmctl
from lvmctl import DataError

pytest.importorskip("wordllama", reason="pip install 'lvmctl-encoders[static]'")

TEXTS = [
    "The ship left the harbour at dawn.",
    "rain",
    "Ångström 東京 Привет",
    "two  spaces\nand a line",
]


@pytest.mark.parametrize("dim", [64, 256])
def test_vectors_are_those_of_the_library(dim):
    from lvmctl_encoders.static import Static
    from wordllama import WordLlama

    # Where its own loader looks for the tokeniser, before it asks the hub.
    inside = packaged("wordllama", "__init__.py").parent
    library = WordLlama.load(cache_dir=inside, trunc_dim=dim, disable_download=True)
    rows = Static(StaticOptions(dim=dim)).encode(TEXTS)
    assert rows.shape == (4, dim)
    assert np.allclose(rows, library.embed(TEXTS, norm=True), atol=1e-6)


def test_an_empty_text_is_refused():
    from lvmctl_encoders.static import Static

    with pytest.raises(DataError, match="a text is empty"):
        Static(StaticOptions()).encode(["rain", ""])


def test_a_store_is_embedded_and_more_text_by_the_same_encoder(tmp_path):
    texts = ["Rain fell.\n\nThe river rose.", "Bread is baked.\n\nBread is eaten."]
    store = lvmctl.embed(texts, "static", out=tmp_path / "one", dim=128)
    assert store.encoder["name"] == "static"
    assert store.encoder["dim"] == 128
    more = lvmctl.embed(["The river rose."], out=tmp_path / "two", encoder_from=tmp_path / "one")
    assert np.array_equal(more.vectors[0], store.vectors[1])
