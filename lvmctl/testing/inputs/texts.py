"""Small corpora, and texts that encoders stumble over."""

from __future__ import annotations

COOKING = ("onion", "butter", "garlic", "bread", "oven", "salt", "pepper", "soup")
SAILING = ("harbour", "anchor", "sail", "mast", "tide", "rope", "captain", "storm")
MONEY = ("bank", "bond", "market", "price", "loan", "share", "profit", "tax")
MUSIC = ("violin", "chord", "melody", "drum", "choir", "rhythm", "piano", "opera")

SENTENCES = (
    "The {0} and the {1} were there before the {2}.",
    "Nobody asked why the {1} needed a {3}, or the {2} another {0}.",
    "She wrote about {2} and {3}, then about {0} alone.",
)


def corpus(*topics: tuple[str, ...]) -> list[str]:
    """Eight different sentences about each of ``topics``, the topics one after another."""
    return [
        SENTENCES[turn % len(SENTENCES)].format(*words[turn:], *words[:turn])
        for words in topics
        for turn in range(len(words))
    ]


ODD = {
    "an empty text": "",
    "white space": " \t\n ",
    "a single letter": "a",
    "digits": "0 1 2 3",
    "a word nobody knows": "qwxzv",
    "a long text": "the harbour was full of bread " * 3000,
    "other scripts": "Ångström naïve 東京 Привет مرحبا",
    "signs": "🜁 👩‍🚀 \u200b\u202e ­",
    "a null character": "salt\x00pepper",
    "line breaks": "salt\r\npepper\n\nsoup",
}
"""Texts as they occur in real corpora, by what they are."""
