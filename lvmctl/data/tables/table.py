"""Tables → chunks with the articles, positions and splits they say; no vectors in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lvmctl.core.errors import refuse
from lvmctl.core.formatting import count
from lvmctl.data.npz.members import stored_type
from lvmctl.data.store.arrays import BLOCK_BYTES, release
from lvmctl.data.store.checks import norms_of
from lvmctl.data.tables.articles import ROLES, Articles
from lvmctl.data.tables.columns import Chosen, choose_columns
from lvmctl.data.tables.rows import Nested, Rows

_DOCUMENTS = 16
_SMALL = 1 << 16


@dataclass(frozen=True)
class Part:
    """One table of those that are imported together, and the split that its place says."""

    rows: Rows
    split: str | None = None


@dataclass(frozen=True)
class Block:
    """Some chunks in the order of the tables: vectors (n, D), texts and norms where there are."""

    vectors: np.ndarray
    texts: list[str] | None
    norms: np.ndarray | None


class ChunkTable:
    """The chunks of some tables.

    Args:
        parts: the tables, in order.
        named: columns that are not guessed, by role.

    Attributes:
        dim, dtype: of the vectors as they are stored.
        layout: which rows are which chunks of which articles.
        entries: (A,) the manifest's entry of each article of the layout.
        manifest: of the store that the tables were exported from, or nothing.
        notices: what was found and guessed, one line each.
    """

    def __init__(self, parts: Sequence[Part], named: Mapping[str, str] | None = None) -> None:
        self._parts = parts
        self._chosen = [choose_columns(part.rows, named) for part in parts]
        self.name = parts[0].rows.name if len(parts) == 1 else f"{parts[0].rows.name} …"
        self._agree()
        self._probe()
        self.manifest = parts[0].rows.metadata
        articles = Articles(self.name, exported=bool(self.manifest))
        for number in range(len(parts)):
            self._scan(number, articles)
        self.layout, self.entries = articles.arrange()
        self.notices = self._lines() + articles.notices

    @property
    def has_texts(self) -> bool:
        """Whether every chunk has a text."""
        return "text" in self._chosen[0].names

    def blocks(self) -> Iterator[Block]:
        """All chunks in the order of the tables, a block at a time."""
        low = 0
        for part, chosen in zip(self._parts, self._chosen):
            names = [chosen.names[role] for role in ("vector", "text", "norm") if self._has(role)]
            rows = _DOCUMENTS if chosen.documents else BLOCK_BYTES // (4 * self.dim) + 1
            for cells in part.rows.read(names, rows):
                block = self._block(part.rows, chosen, cells, low)
                low += len(block.vectors)
                yield block
        what = f"held {len(self.layout.source):,} chunks and now holds {low:,}"
        refuse(low != len(self.layout.source), what, self.name, "import it when it is whole")

    # ------------------------------------------------------------------ columns

    def _has(self, role: str) -> bool:
        return role in self._chosen[0].names

    def _agree(self) -> None:
        first, one = self._chosen[0], self._parts[0].rows.name
        for part, chosen in zip(self._parts, self._chosen):
            alike = chosen.documents == first.documents and set(chosen.names) == set(first.names)
            what = f"has other columns ({chosen.line()}) than {one} ({first.line()})"
            refuse(not alike, what, part.rows.name, "import them apart, or name them by --columns")

    def _probe(self) -> None:
        """Width and type of the vectors, from the first rows of each table."""
        types, self.dim = [], 0
        for part, chosen in zip(self._parts, self._chosen):
            column = chosen.names["vector"]
            cells = next(iter(part.rows.read([column], 1)), None)
            if cells is None:
                continue
            vectors = cells[column].vectors if chosen.documents else cells[column]
            if len(vectors):
                types.append(vectors.dtype)
                self.dim = self.dim or vectors.shape[1]
        refuse(not types, "holds no vectors", self.name, "leave rows without chunks out")
        self.dtype = stored_type(*types)

    # ------------------------------------------------------------------ articles and places

    def _scan(self, number: int, articles: Articles) -> None:
        """Read the small columns of a table: the article and place of each chunk."""
        part, chosen = self._parts[number], self._chosen[number]
        small = {role: chosen.names[role] for role in ROLES if role in chosen.names}
        names = list(small.values())
        if chosen.documents:
            names.append(chosen.names["text" if self.has_texts else "vector"])
        elif not names:
            names = [chosen.names["vector"]]
        rows = _SMALL if small and not chosen.documents else _DOCUMENTS
        row = 0
        for cells in part.rows.read(names, rows):
            height = len(cells[names[-1]])
            given = {role: cells[column] for role, column in small.items()}
            if chosen.documents:
                inside = cells[names[-1]]
                nested = isinstance(inside, Nested)
                lengths = inside.lengths if nested else [len(texts or ()) for texts in inside]
                keys = [("row", number, row + at) for at in range(height)]
            else:
                lengths = [1] * height
                keys = given.get("article") or [number] * height
            articles.add(part.split, keys, np.array(lengths, np.int64), given, part.rows.name, row)
            row += height

    # ------------------------------------------------------------------ vectors

    def _block(self, rows: Rows, chosen: Chosen, cells: Mapping[str, Any], low: int) -> Block:
        column = chosen.names["vector"]
        values, where = cells[column], f"{rows.name}[{column}]"
        vectors = values.vectors if chosen.documents else values
        width = vectors.shape[1]
        what = f"has vectors of {width} numbers, the first has {self.dim}"
        refuse(len(vectors) and width != self.dim, what, where, "embed them alike")
        norms_of(vectors, lambda i: f"chunk {low + i}", where)
        texts = norms = None
        if self.has_texts:
            texts = cells[chosen.names["text"]]
            if chosen.documents:
                unlike = [len(t or ()) for t in texts] != values.lengths.tolist()
                what = "has rows with other numbers of texts than of vectors"
                refuse(unlike, what, rows.name, "leave texts out with --columns text=")
                texts = [text for row in texts for text in row or ()]
            texts = ["" if text is None else text for text in texts]
        if self._has("norm"):
            norms = np.array(cells[chosen.names["norm"]], np.float32)
        made = vectors.astype(self.dtype)
        release(vectors)
        return Block(made.reshape(len(made), self.dim), texts, norms)

    def _lines(self) -> list[str]:
        """What was found and guessed."""
        chosen, columns = self._chosen[0], self._parts[0].rows.columns
        chunks, articles = len(self.layout.source), len(self.entries)
        what = "documents" if chosen.documents else "chunks"
        line = f"a table of {what}, {count(chunks, 'chunk')} in {count(articles, 'article')}"
        line += f" ({chosen.line()})"
        lines = [f"{self.name}: {line}"]
        if not chosen.documents and "article" not in chosen.names:
            hint = "name the column that tells articles apart with --columns article=…"
            lines.append(f"{self.name}: nothing says which article a row is of: {hint}")
        left = [name for name in columns if name not in chosen.names.values()]
        if left:
            lines.append(f"{self.name}: not read: {', '.join(left)}")
        return [*lines, *(line for part in self._parts for line in part.rows.notices)]
