"""Texts of any form become a store."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, cast

import lvmctl
from lvmctl import processes
from lvmctl.api.store import Store, written
from lvmctl.core.errors import DataError, UsageError, located
from lvmctl.core.formatting import count
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.core.runs import listed
from lvmctl.data.splits.assign_store import parse_shares, share_out
from lvmctl.data.store.store import CHUNKS
from lvmctl.data.store.store import Store as Stored
from lvmctl.data.store.writer import ENCODER, made, refuse_store, write_store
from lvmctl.data.text.chunking import Text, chunker, record_text
from lvmctl.data.text.corpus import Corpus, cut, spool
from lvmctl.data.text.embed import Encoder, embed_corpus, fit_encoder, load_encoder, save_encoder
from lvmctl.data.text.encoders.build import build_encoder, encoder_of
from lvmctl.data.text.long_chunks import LongChunks
from lvmctl.data.text.reading import Faults, read_texts
from lvmctl.data.text.unfinished import Unfinished, unfinished
from lvmctl.registry.specs import EncoderSpec

TEXT = "text"
"""The field of a record, or the column of a data frame, that holds an article's text."""


def embed(
    texts: Any,
    encoder: str = "lsa",
    *,
    out: str | os.PathLike[str],
    encoder_from: str | os.PathLike[str] | None = None,
    chunk: str = "paragraph",
    size: int = 64,
    min_words: int = 0,
    dtype: str = "float32",
    split: str | None = None,
    skip_bad: bool = False,
    keep_long: bool = False,
    rows_per_file: int | None = None,
    force: bool = False,
    reporter: Reporter = SILENT,
    options: Mapping[str, Any] | None = None,
    **more: Any,
) -> Store:
    """Cut texts into chunks, encode them, and write a store.

    An embedding that was interrupted goes on when it is called again with the same texts and
    options, and ends with the same bits: what it has lies beside ``out``, in ``.NAME.embedding``.
    Memory does not grow with the number of chunks. Processes that torchrun started encode a part
    each.

    Args:
        texts: one of

            - a path, or a sequence of ``pathlib.Path``: ``.txt``, ``.md``, ``.html``, ``.epub``
              and ``.pdf`` files (one article each), ``.jsonl`` files (one a line) or folders of
              them;
            - a sequence of strings: the text of each article;
            - a sequence of sequences of strings: the chunks of each article, cut already;
            - a sequence of dictionaries with a ``text`` (a string, or the chunks of it), and
              ``title``, ``id``, ``split`` and other fields as you like;
            - a data frame (pandas, polars) with a column ``text``, an article a row.

            Where articles have a ``split``, an encoder that learns is fitted on ``train`` alone.
        encoder: name of an encoder, see ``lvmctl plugins list --kind encoder``.
        out: the store to write.
        encoder_from: a store whose encoder is used, in the place of ``encoder``.
        chunk: how texts are cut: by ``paragraph``, ``sentence``, or ``tokens`` (``size`` words).
        size: words of a chunk of ``tokens``.
        min_words: shorter chunks are dropped.
        dtype: ``float32`` or ``float16``, what vectors are stored as.
        split: shares of the articles for train, val and test, ``"80/10/10"``, where the texts name
            no splits; an encoder that learns is fitted on ``train`` alone.
        skip_bad: leave out texts that cannot be read or have no chunk, which a notice names.
        keep_long: keep chunks that are longer than the encoder reads; else they are split at the
            ends of sentences, but for those that were cut already. A notice counts them.
        rows_per_file: vectors of a file of the store; None writes them all to one.
        force: replace a store at ``out``.
        reporter: shown how many chunks are encoded.
        options, more: options of the encoder, for example ``dim=128``; strings are parsed.

    Returns:
        The store.

    Raises:
        DataError: no text, an article without a chunk, or a field that cannot be stored.
        OutputError: ``out`` exists, cannot be written, or is embedded to by another process.
        UsageError: an unknown encoder, option or way to cut.

    Example:
        >>> texts = ["Rain fell.\\n\\nThe river rose.", "Bread is baked.\\n\\nBread is eaten."]
        >>> store = lvmctl.embed(texts, out=tmp_path / "s", min_texts=1, max_share=1.0)
        >>> len(store), len(store.articles), store.texts[1]
        (4, 2, 'The river rose.')
    """
    out = Path(out)
    refuse_store(out, force)
    if chunk not in ("paragraph", "sentence", "tokens"):
        raise UsageError(
            f"unknown chunk {chunk!r}", where="embed", hint="use paragraph, sentence or tokens"
        )
    shares = None if split is None else parse_shares(split)
    values = {**(options or {}), **more}
    named, built, fitted_on = chosen_encoder(encoder, values, encoder_from)
    paths = paths_of(texts)
    with unfinished(out) as begun, located(listed(paths) if paths else "texts"):
        faults = Faults(skip_bad)
        long_chunks = LongChunks(built, built.recipe()["name"], keep_long)
        read = articles_of(texts, faults)
        articles = cut(read, chunker(chunk, size), min_words, faults, long_chunks)
        # Process 0 alone reads the texts and fits the encoder.
        corpus = processes.from_first(lambda: spool(articles, begun.directory / CHUNKS))
        rule = {} if shares is None else {"splits": share_out(corpus.entries, shares)}
        key = {
            "by": lvmctl.__version__,
            "texts": corpus.digest,
            **rule,
            "encoder": named,
            "options": values,
            # Of one that is not to be fitted, what it is.
            "recipe": fitted_on and built.recipe(),
            "from": encoder_from and digest_of(Path(encoder_from) / ENCODER),
        }
        fitted_on = processes.from_first(
            lambda: _prepare(begun, key, built, fitted_on, corpus, reporter)
        )
        if processes.rank() and (begun.directory / ENCODER).is_file():
            load_encoder(built, begun.directory)
        how = made(
            "embed",
            texts=paths,
            chunk=chunk,
            **({"size": size} if chunk == "tokens" else {}),
            min_words=min_words,
            encoder=named,
            encoder_fitted_on=fitted_on,
        )
        embed_corpus(
            partial(write_store, out, rows_per_file=rows_per_file, force=force),
            corpus,
            built,
            {"made": how, **rule},
            begun,
            dtype,
            reporter,
        )
    processes.barrier()  # until the store is there
    notices = (long_chunks.notice(), "" if encoder_from else narrower(built))
    return written(out, [*faults.notices, *filter(None, notices)])


def _prepare(
    begun: Unfinished,
    key: dict[str, Any],
    encoder: Encoder,
    fitted_on: str | None,
    corpus: Corpus,
    reporter: Reporter,
) -> str:
    """Go on with what has begun, or begin: what the encoder was fitted on."""
    if begun.is_of(key):
        if (begun.directory / ENCODER).is_file():
            load_encoder(encoder, begun.directory)
        if done := begun.done:
            reporter.info(f"{done} of {len(corpus.chunks)} chunks were encoded before")
        return str(begun.state["fitted_on"])
    if begun.state:
        reporter.info("what was begun there was of other texts or options: it begins anew")
    fitted_on = fitted_on or fit_encoder(encoder, corpus)
    save_encoder(encoder, begun.directory)
    begun.begin(key, fitted_on)
    return fitted_on


def narrower(encoder: Any) -> str:
    """A notice where an encoder could be fitted in fewer dimensions only than its option says."""
    wanted = getattr(getattr(encoder, "options", None), "dim", None)
    dim = encoder.recipe().get("dim")
    if not wanted or not dim or dim >= wanted:
        return ""
    kept = count(dim, "dimension")
    return f"{kept}, not {wanted}: the texts are too few, or too much alike, for more"


def digest_of(path: Path) -> str | None:
    """A hash of a file; None where it is not there."""
    return hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else None


def chosen_encoder(
    name: str, options: Mapping[str, Any], saved: str | os.PathLike[str] | None
) -> tuple[str, Encoder, str | None]:
    """The name that finds the encoder again, the encoder, and what it was fitted on if it need not
    be fitted any more."""
    if saved is None:
        entry, encoder = build_encoder(name, [(f"encoder {name}", options)])
        learns = cast(EncoderSpec, entry.record).fitted
        return entry.saved, encoder, None if learns else "nothing"
    if options:
        raise UsageError(
            f"a saved encoder keeps its options, {', '.join(options)} cannot change",
            where=f"encoder of {os.fspath(saved)}",
            hint="leave them out",
        )
    entry, encoder = encoder_of(Stored.open(saved))
    return entry.saved, encoder, os.fspath(saved)


def paths_of(texts: Any) -> list[str] | None:
    """The files or folders that texts are read from; None where they are given themselves."""
    if isinstance(texts, str | os.PathLike):
        texts = [Path(texts)]
    if not isinstance(texts, list | tuple) or not all(isinstance(t, os.PathLike) for t in texts):
        return None
    return [os.fspath(path) for path in texts] or None


def articles_of(texts: Any, faults: Faults) -> Iterable[Text]:
    """The articles of texts in any of the forms that :func:`embed` takes; ``faults`` takes what
    cannot be read."""
    paths = paths_of(texts)
    if paths is not None:
        return read_texts([Path(path) for path in paths], faults)
    return [
        record_text(row if isinstance(row, Mapping) else {TEXT: row}, f"texts[{number}]")
        for number, row in enumerate(rows_of(texts))
    ]


def rows_of(texts: Any) -> Iterable[Any]:
    """The rows of a data frame (an object with ``columns`` and columns by name: no library has to
    be there) as dictionaries, without what is missing; anything else as it is."""
    columns = getattr(texts, "columns", None)
    if columns is None:
        if not isinstance(texts, Iterable):
            what = f"is of type {type(texts).__name__}"
            raise DataError(what, where="texts", hint="give texts, paths, records or a data frame")
        return texts
    names = [str(name) for name in columns]
    if TEXT not in names:
        raise DataError(
            f"has no column {TEXT!r} (there are {', '.join(names)})",
            where="texts",
            hint=f"call the one that holds the texts {TEXT!r}",
        )
    rows = zip(*(list(texts[name]) for name in columns))
    return [
        {name: plain(cell) for name, cell in zip(names, row) if not missing(cell)} for row in rows
    ]


def missing(cell: Any) -> bool:
    """Whether a data frame has no value there: None, NaN, NaT or NA."""
    if cell is None:
        return True
    try:
        return bool(cell != cell)
    except TypeError:  # pandas.NA
        return True
    except ValueError:  # an array
        return False


def plain(cell: Any) -> Any:
    """NumPy's numbers and arrays as Python's."""
    return cell.tolist() if hasattr(cell, "tolist") else cell
