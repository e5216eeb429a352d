"""The rows by name."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl_reader.model import FAR
from lvmctl_reader.text_measures import GROUPS

from trying import known, likeness, linear, queries, towers
from trying.continuing import beside_words, continuing, follows_alone
from trying.negatives import with_others
from trying.order import order
from trying.prefix import read
from trying.scoring import Method, ranker
from trying.words import words


@dataclass(frozen=True)
class Row:
    """What a row measures.

    Attributes:
        summary: one line.
        methods: by the label that is printed.
        after: whether pools hold the chunks after the window alone.
        texts: whether texts are read.
    """

    summary: str
    methods: dict[str, Method]
    after: bool = False
    texts: bool = False


def _one(name: str, summary: str, method: Method, texts: bool = False) -> tuple[str, Row]:
    """A row of one method."""
    return name, Row(summary, {name: method}, texts=texts)


ROWS: dict[str, Row] = dict(
    [
        _one("base", "P9's cosine features alone.", ranker()),
        _one("in-domain", "P9's axes and guess of the training text.", ranker(known.along)),
        _one("centred", "No scorer: P9's axes as a linear query.", known.centred_query),
        (
            "mean",
            Row(
                "No scorer, nothing fitted: a fading mean; and less the article's mean.",
                {"mean": known.mean_query, "mean: centred": known.mean_query_centred},
            ),
        ),
        _one("order", "An order verifier's logits, of pairs of one article.", ranker(order)),
        _one("infonce", "A query tower's cosine.", ranker(queries.query_feature(queries.Tower))),
        _one("p8", "The cosine of P8's mixture.", ranker(queries.query_feature(queries.P8))),
        _one("lists", "Training lists with 64 chunks of other articles.", with_others),
        (
            "prefix",
            Row(
                "All that was read, in pools of what comes after the window.",
                {"prefix: base": ranker(), "prefix": ranker(read)},
                after=True,
            ),
        ),
        (
            "distil",
            Row(
                "No scorer at test time: a query that matches it; and one trained on labels.",
                {"distil": queries.distilled, "distil: labels": queries.labelled},
            ),
        ),
        _one("backward", "Ridge towers forward and backward in time.", ranker(towers.backward)),
        _one("horizons", "Ridge towers to the chunks 1, 2, 3, 5 ahead.", ranker(towers.horizons)),
        _one("ridge", "A ridge from the window to the next chunk.", ranker(linear.ridge)),
        _one("read", "All that P10 reads of the words.", ranker(words(), FAR), texts=True),
        _one("read-far", "The same, of any size.", ranker(words()), texts=True),
        (
            "read-groups",
            Row(
                "The same without each group.",
                {f"read: no {name}": ranker(words(without=name), FAR) for name in GROUPS},
                texts=True,
            ),
        ),
        _one(
            "read-members", "The mean of three scorers of it.", ranker(words(), FAR, 3), texts=True
        ),
        (
            "read-more",
            Row(
                "Beside it, what was tried of words and of how chunks are written.",
                {
                    f"read: and {name}": ranker(beside_words(fit), FAR)
                    for name, fit in likeness.FITS.items()
                },
                texts=True,
            ),
        ),
        _one("read-base", "P9's cosine features, where there are texts.", ranker(), texts=True),
        (
            "continues",
            Row(
                "An encoder fine-tuned on what continues what: alone, beside P9's, beside words.",
                {
                    "continues: alone": follows_alone,
                    "continues": ranker(continuing),
                    "continues: words": ranker(beside_words(continuing), FAR),
                },
                texts=True,
            ),
        ),
        _one("whitened", "Cosines whitened by the training store.", ranker(linear.whitened)),
        _one("arrow", "Antisymmetric lag covariances, lags 1 to 3.", ranker(linear.arrow)),
    ]
)
