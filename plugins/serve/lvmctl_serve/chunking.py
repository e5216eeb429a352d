"""Messages cut into chunks as the published service cuts them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

END = re.compile(r"(?<=[.!?])\s+")


def chunks_of(
    messages: Sequence[str] | None, paragraph: str | None, mode: str, length: int
) -> tuple[list[str], bool]:
    """The chunks of a conversation or of a paragraph, and whether anything was cut.

    A paragraph becomes ``length`` groups of sentences, or its sentences where they are fewer. So
    does a message that is alone, by ``mode``: ``adaptive`` where it has at least ``length``
    sentences, ``fixed`` always, ``sentence`` into sentences, ``off`` never.
    """
    if paragraph is not None:
        return groups(sentences(paragraph), length), True
    assert messages is not None
    if len(messages) > 1 or mode == "off":
        return list(messages), False
    parts = sentences(messages[0])
    if mode == "sentence":
        return parts, True
    if mode == "fixed" or len(parts) >= length:
        return groups(parts, length), True
    return list(messages), False


def sentences(text: str) -> list[str]:
    """The sentences of a text."""
    return [part for part in END.split(text.strip()) if part]


def groups(parts: list[str], count: int) -> list[str]:
    """At most ``count`` runs of sentences whose numbers differ by one at most, the longer first."""
    count = min(count, len(parts))
    size, longer = divmod(len(parts), count)
    ends = [number * size + min(number, longer) for number in range(count + 1)]
    return [" ".join(parts[low:high]) for low, high in pairwise(ends)]
