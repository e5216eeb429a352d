"""Predictions in formats that other programs read: JSON lines, CSV, TREC runs and qrels."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from lvmctl.core.errors import UsageError
from lvmctl.core.files import json_text, jsonable, refuse_file, utf8, write_whole
from lvmctl.core.formatting import count

if TYPE_CHECKING:
    from lvmctl.api.predicting import Predicted

FORMATS = ("jsonl", "csv", "trec")
HEADER = ("query", "rank", "candidate", "score", "next", "text")
TAG = "lvmctl"


def write(
    answers: Iterable[Predicted], form: str, out: Path | None, qrels: Path | None, force: bool
) -> None:
    """Write predictions to ``out``, or to stdout, as they come; with TREC what came next to
    ``qrels``, too."""
    refuse = partial(refuse_file, force=force)
    for path in filter(None, (out, qrels)):
        refuse(path)
    if out is not None and out == qrels:
        raise UsageError("is --out, too", where=f"--qrels {qrels}", hint="give two files")
    judged: list[str] = []
    lines = LINES[form](noted(answers, judged))
    if out is None:
        for line in lines:
            click.echo(line, nl=False)
    else:
        write_whole(out, lambda file: file.writelines(map(utf8, lines)), refuse)
    if qrels is not None:
        write_whole(qrels, utf8("".join(judged)), refuse)
    if out is not None:
        click.echo(f"{out}: {count(len(judged), 'prediction')}")


def noted(answers: Iterable[Predicted], judged: list[str]) -> Iterator[Predicted]:
    """The predictions; the line of qrels of each, empty where what came next is not known, is added
    to ``judged``."""
    for one in answers:
        known = "" if one.next is None else f"{word(one.id)} 0 {word(one.next['id'])} 1\n"
        judged.append(known)
        yield one


def json_lines(answers: Iterable[Predicted]) -> Iterator[str]:
    """A JSON object for each prediction."""
    for one in answers:
        yield json_text(jsonable(one.to_dict())) + "\n"


def csv_lines(answers: Iterable[Predicted]) -> Iterator[str]:
    """A row for each candidate, with a header."""
    yield row(HEADER)
    for one in answers:
        for each in one.candidates:
            came = int(each.next)
            yield row((one.id, each.rank, each.id, repr(each.score), came, each.text or ""))


def row(cells: Iterable[object]) -> str:
    """A line of CSV."""
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()


def trec_lines(answers: Iterable[Predicted]) -> Iterator[str]:
    """A line for each candidate: query, Q0, candidate, rank, score, tag."""
    for one in answers:
        for each in one.candidates:
            names = f"{word(one.id)} Q0 {word(each.id)}"
            yield f"{names} {each.rank} {each.score!r} {TAG}\n"


def word(name: str) -> str:
    """A name without white space, which parts the columns of TREC's files."""
    return re.sub(r"\s", "_", name) or "_"


LINES = {"jsonl": json_lines, "csv": csv_lines, "trec": trec_lines}
