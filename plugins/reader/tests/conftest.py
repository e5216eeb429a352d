"""Texts to rank, in several languages, and what reads them."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from lvmctl_ranker.fitting import FOLDS
from lvmctl_reader.chunk_texts import ChunkTexts
from lvmctl_reader.lexicon import Lexicon
from lvmctl_reader.reading import Reading

from lvmctl import Chunks, Pool
from lvmctl.sphere import unit

sys.path.insert(0, str(Path(__file__).parent))

TEXTS = {
    "english": (
        "“Where is Captain Ahab?” asked Starbuck, and the whale rose again.",
        "The whale rose! Captain Ahab cried out: it was the white whale,",
        "and Starbuck said nothing. In 1851 the ship sailed with Captain Ahab.",
        "1. The ship is made of wood (oak), and of iron.",
        "2. The sails are made of cloth.",
        "",
        "He said nothing more; the white whale was gone, 3 days passed.",
        "\tA   ship, a ship? The ship!”",
        "Starbuck and Starbuck’s men sailed the ship on the white sea.",
        "Nothing was said again.",
    ),
    "chinese": (
        "船长在哪里？大副问道，白鲸又浮上来了。",
        "白鲸浮上来了！船长喊道，那是白鲸，",
        "大副什么也没说。一八五一年船长的船出海了。",
        "第一，船是用木头做的（橡木）。",
        "第二，帆是用布做的。",
        "",
        "他什么也没说，白鲸不见了。",
        "船，船？船！",
        "大副和水手在白色的海上。",
        "又什么也没说。",
    ),
    "arabic": (
        "أين القبطان؟ سأل الضابط، وظهر الحوت مرة أخرى.",
        "ظهر الحوت! صاح القبطان: إنه الحوت الأبيض،",
        "ولم يقل الضابط شيئا. في عام ١٨٥١ أبحرت السفينة مع القبطان.",
        "١. السفينة من خشب (بلوط) ومن حديد.",
        "٢. الأشرعة من قماش.",
        "",
        "لم يقل شيئا آخر؛ اختفى الحوت الأبيض.",
        "سفينة، سفينة؟ السفينة!",
        "أبحر الضابط والرجال في البحر الأبيض.",
        "لم يقل أحد شيئا.",
    ),
}


class Texts:
    """A source of texts by row."""

    def __init__(self, texts) -> None:
        self.all = list(texts)

    def texts(self, rows):
        if rows.dim() == 1:
            return [self.all[row] for row in rows.tolist()]
        return [self.texts(each) for each in rows]


@pytest.fixture(params=sorted(TEXTS), scope="session")
def texts(request) -> tuple[str, ...]:
    return TEXTS[request.param]


@pytest.fixture(scope="session")
def lexicon(texts) -> Lexicon:
    """Learned from the texts as articles of five and of two chunks."""
    readings = [Reading.of(text) for text in texts]
    learned = Lexicon()
    learned.learn(
        [(0, readings[:5]), (1, readings[5:]), *((n, readings[n : n + 2]) for n in (2, 3, 4))]
    )
    return learned


@pytest.fixture
def chunk_texts(texts, lexicon) -> ChunkTexts:
    return ChunkTexts([Reading.of(text) for text in texts], *lexicon.of_fold(FOLDS))


@pytest.fixture
def slow(texts, lexicon):
    """The same chunks, measured slowly."""
    from slow_texts import Slow

    return Slow(texts, lexicon.of_fold(FOLDS)[0])


@pytest.fixture
def pool_of_texts():
    """``pool_of_texts(texts, k, dim)``: every window of an article, and all its chunks but the
    window: contexts (B, K, D), and a pool to read."""

    def make(texts, k: int = 3, dim: int = 6) -> tuple:
        n = len(texts)
        rng = np.random.default_rng(0)
        vectors = unit(torch.from_numpy(rng.normal(size=(n, dim)).astype(np.float32)) + 1)
        inside = torch.arange(n - k)[:, None] + torch.arange(k)
        candidates = torch.ones(n - k, n, dtype=torch.bool).scatter(1, inside, False)
        source = Texts(texts)
        window, chunks = (Chunks(rows, source, ("text",)) for rows in (inside, torch.arange(n)))
        return vectors[inside], Pool(vectors, candidates, None, window, chunks)

    return make


@pytest.fixture
def tiny(monkeypatch):
    """An encoder of a few numbers with random weights, in the place of the published one."""
    pytest.importorskip("tokenizers", reason="tokenizers is not installed")
    import tiny_encoder

    monkeypatch.setattr("lvmctl_reader.minilm.tensors", tiny_encoder.tensors)
    monkeypatch.setattr("lvmctl_reader.minilm.vocabulary", tiny_encoder.vocabulary)
    monkeypatch.setattr("lvmctl_reader.continuation.BertShape", lambda: tiny_encoder.SHAPE)


@pytest.fixture
def articles(tiny) -> list[tuple[int, list[str]]]:
    """The folds and the texts of ten articles."""
    from lvmctl_ranker.fitting import FOLDS
    from tiny_encoder import counted

    return [(number % FOLDS, texts) for number, texts in enumerate(counted(10, 6, seed=1))]
