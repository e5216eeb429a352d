"""Which column of a table is what: named by the user, else guessed by its name and kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from lvmctl.core.errors import DataError, UsageError, did_you_mean, nearest, refuse
from lvmctl.data.tables.rows import NUMBER, SCALARS, TEXT, TEXTS, VECTOR, VECTORS, WHOLE, Rows

_IDS = ("article_id", "article_ids", "doc_id", "document_id", "source_id")
NAMES = {
    "vector": ("vector", "vectors", "embedding", "embeddings", "emb"),
    "text": (
        *("text", "texts", "text_sentences", "sentences", "sentence", "chunk", "chunks"),
        *("concept_text", "concept_texts", "passage", "paragraph", "body", "content"),
    ),
    "article": (
        *("article", *_IDS, "article_index", "article_indices", "document", "doc"),
        *("doc_index", "document_index", "source_file_idx"),
    ),
    "position": (
        *("position", "positions", "chunk_index", "chunk_indices", "chunk_number", "seq_idx"),
        *("sentence_index", "paragraph_index", "pos"),
    ),
    "id": _IDS,
    "title": ("title", "article_title", "titles", "page_title"),
    "split": ("split", "partition", "subset"),
    "norm": ("norm",),
    "fields": ("article_fields",),
}
"""What a column can be, and the names by which it is guessed, the first first."""

KINDS = {
    "vector": (VECTOR, VECTORS),
    "text": (TEXT, TEXTS),
    "article": SCALARS,
    "position": (WHOLE,),
    "id": SCALARS,
    "title": (TEXT,),
    "split": (TEXT,),
    "norm": (NUMBER,),
    "fields": (TEXT,),
}

_ENDINGS = ("_emb", "_embs", "_embedding", "_embeddings", "_vector", "_vectors")


@dataclass(frozen=True)
class Chosen:
    """The columns that are read.

    Attributes:
        names: the column of each role that has one.
        documents: a row is an article, with a list of vectors; else it is a chunk.
    """

    names: Mapping[str, str]
    documents: bool

    def line(self) -> str:
        """The same for a reader: ``vector = emb, article``."""
        return ", ".join(
            role if role == column else f"{role} = {column}" for role, column in self.names.items()
        )


def parse_columns(text: str | None) -> dict[str, str]:
    """``vector=emb,text=body`` by role; an empty name says that there is no such column."""
    named = {}
    for part in (text or "").split(","):
        role, equals, column = (piece.strip() for piece in part.partition("="))
        if not role and not equals:
            continue
        if not equals or role not in NAMES:
            close = nearest(role, list(NAMES))
            hint = f"did you mean {close}=…?" if close else f"write {', '.join(NAMES)}=COLUMN"
            raise UsageError(f"{part.strip()!r} names no column", where="--columns", hint=hint)
        named[role] = column
    return named


def choose_columns(rows: Rows, named: Mapping[str, str] | None = None) -> Chosen:
    """The column of each role; those ``named`` are not guessed, an empty one is left out."""
    chosen = {role: _checked(rows, role, name) for role, name in (named or {}).items() if name}
    skipped = {role for role, name in (named or {}).items() if not name}
    if "vector" not in chosen:
        chosen["vector"] = _vector(rows)
    documents = rows.columns[chosen["vector"]] == VECTORS
    for role in NAMES:
        if role in chosen or role in skipped or (documents and role in ("article", "position")):
            continue
        if role == "text":
            name = _text(rows, chosen["vector"], documents)
        else:
            names = (*NAMES[role], "id") if role == "id" and documents else NAMES[role]
            taken = set(chosen.values())
            name = next((n for n in names if _fits(rows, role, n) and n not in taken), None)
        if name is not None:
            chosen[role] = name
    ordered = {role: chosen[role] for role in NAMES if role in chosen}
    if "text" in ordered:
        kind, where = rows.columns[ordered["text"]], f"{rows.name}[{ordered['text']}]"
        what = f"is a {kind}, the vectors are a {VECTORS if documents else VECTOR} of each row"
        refuse((kind == TEXTS) != documents, what, where, "leave it out with --columns text=")
    return Chosen(ordered, documents)


def _checked(rows: Rows, role: str, name: str) -> str:
    if name not in rows.columns:
        hint = did_you_mean(name, rows.columns)
        raise DataError(f"has no column {name!r}", where=rows.name, hint=hint)
    what = f"is a column of {rows.columns[name]}, which cannot be the {role}"
    needed = f"it needs a {' or a '.join(KINDS[role])}"
    refuse(rows.columns[name] not in KINDS[role], what, f"{rows.name}[{name}]", needed)
    return name


def _fits(rows: Rows, role: str, name: str) -> bool:
    return rows.columns.get(name) in KINDS[role]


def _vector(rows: Rows) -> str:
    """The column of vectors: by its name, by the end of its name, or the only one."""
    fitting = [name for name in rows.columns if _fits(rows, "vector", name)]
    ending = [name for name in fitting if name.endswith(_ENDINGS)]
    known = [name for name in NAMES["vector"] if name in fitting]
    if not fitting:
        listed = ", ".join(f"{name} ({kind})" for name, kind in rows.columns.items())
        what = f"has no column of vectors (it has {listed or 'no columns'})"
        hint = "embed its texts with lvmctl data embed, or write lists of floats"
        raise DataError(what, where=rows.name, hint=hint)
    if known or len(ending) == 1 or len(fitting) == 1:
        return (known or (ending if len(ending) == 1 else fitting))[0]
    what = f"has several columns of vectors: {', '.join(fitting)}"
    hint = f"choose one with --columns vector={fitting[0]}"
    raise DataError(what, where=rows.name, hint=hint)


def _text(rows: Rows, vector: str, documents: bool) -> str | None:
    """The column of texts: the one that the vectors' column is called after, or a known name."""
    kind = TEXTS if documents else TEXT
    fitting = [name for name, of_kind in rows.columns.items() if of_kind == kind]
    after = [name for name in fitting if vector.startswith(f"{name}_")]
    if after:
        return max(after, key=len)
    return next((name for name in NAMES["text"] if name in fitting), None)
