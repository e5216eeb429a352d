"""The rows by name."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl_reader.model import FAR
from lvmctl_reader.text_measures import GROUPS

from trying import known, likeness, linear, queries, towers
from trying.continuing import beside_words, continuing, follows_alone
from trying.grams import grams
from trying.groups import without_groups
from trying.likeness import fixed
from trying.negatives import with_others
from trying.order import order
from trying.prefix import read
from trying.scoring import Method, Ranker
from trying.trees import grown
from trying.words import words


@dataclass(frozen=True)
class Row:
    """What a row measures.

    Attributes:
        summary: one line.
        methods: by the label that is printed.
        after: whether pools hold the chunks after the window alone.
        texts: whether texts are read.
        together: whether `--third` trains on another store, too.
    """

    summary: str
    methods: dict[str, Method]
    after: bool = False
    texts: bool = False
    together: bool = False


def _one(name: str, summary: str, method: Method, texts: bool = False) -> tuple[str, Row]:
    """A row of one method."""
    return name, Row(summary, {name: method}, texts=texts)


ROWS: dict[str, Row] = dict(
    [
        _one("base", "P9's cosine features alone.", Ranker()),
        _one("in-domain", "P9's axes and guess of the training text.", Ranker(known.along)),
        _one("centred", "No scorer: P9's axes as a linear query.", known.centred_query),
        (
            "mean",
            Row(
                "No scorer, nothing fitted: a fading mean; and less the article's mean.",
                {"mean": known.mean_query, "mean: centred": known.mean_query_centred},
            ),
        ),
        _one("order", "An order verifier's logits, of pairs of one article.", Ranker(order)),
        _one("infonce", "A query tower's cosine.", Ranker(queries.query_feature(queries.Tower))),
        _one("p8", "The cosine of P8's mixture.", Ranker(queries.query_feature(queries.P8))),
        _one("lists", "Training lists with 64 chunks of other articles.", with_others),
        (
            "prefix",
            Row(
                "All that was read, in pools of what comes after the window.",
                {"prefix: base": Ranker(), "prefix": Ranker(read)},
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
        _one("backward", "Ridge towers forward and backward in time.", Ranker(towers.backward)),
        _one("horizons", "Ridge towers to the chunks 1, 2, 3, 5 ahead.", Ranker(towers.horizons)),
        _one("ridge", "A ridge from the window to the next chunk.", Ranker(linear.ridge)),
        _one("read", "All that P10 reads of the words.", Ranker(words(), FAR), texts=True),
        _one("read-far", "The same, of any size.", Ranker(words()), texts=True),
        (
            "read-groups",
            Row(
                "The same without each group.",
                {f"read: no {name}": Ranker(words(without=name), FAR) for name in GROUPS},
                texts=True,
            ),
        ),
        _one(
            "read-members", "The mean of three scorers of it.", Ranker(words(), FAR, 3), texts=True
        ),
        (
            "read-more",
            Row(
                "Beside it, what was tried of words and of how chunks are written.",
                {
                    f"read: and {name}": Ranker(beside_words(fit), FAR)
                    for name, fit in likeness.FITS.items()
                },
                texts=True,
            ),
        ),
        _one(
            "read-grams",
            "And runs of four letters that two chunks share.",
            Ranker(beside_words(fixed(grams)), FAR),
            texts=True,
        ),
        _one(
            "read-drop",
            "The same, trained without whole groups now and then.",
            Ranker(words(), FAR, learn=without_groups),
            texts=True,
        ),
        _one(
            "read-members-drop",
            "The mean of three scorers that were.",
            Ranker(words(), FAR, 3, learn=without_groups),
            texts=True,
        ),
        _one(
            "read-trees",
            "LightGBM's LambdaMART in the place of the network.",
            Ranker(words(), learn=grown),
            texts=True,
        ),
        (
            "read-kinds",
            Row(
                "With --third: trained on another store, too.",
                {"read-kinds": Ranker(words(), FAR)},
                texts=True,
                together=True,
            ),
        ),
        _one("read-base", "P9's cosine features, where there are texts.", Ranker(), texts=True),
        (
            "continues",
            Row(
                "An encoder fine-tuned on what continues what: alone, beside P9's, beside words.",
                {
                    "continues: alone": follows_alone,
                    "continues": Ranker(continuing),
                    "continues: words": Ranker(beside_words(continuing), FAR),
                },
                texts=True,
            ),
        ),
        _one("whitened", "Cosines whitened by the training store.", Ranker(linear.whitened)),
        _one("arrow", "Antisymmetric lag covariances, lags 1 to 3.", Ranker(linear.arrow)),
    ]
)
