"""docs/glossary.md has every term that a command prints."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache

from docs.pages import DOCS, ROOT, blocks, read, table

from lvmctl.diagnostics.data.metric_audit import RULES
from lvmctl.diagnostics.data.parity import parity_view
from lvmctl.diagnostics.data.spectrum import spectrum_view
from lvmctl.diagnostics.runs import ranking as run_ranking
from lvmctl.evaluation import compare_rendering, rendering
from lvmctl.evaluation.fivecat.rendering import ROWS
from lvmctl.evaluation.gates.records import PROFILES
from lvmctl.registry import load_registry

ROOMS = ("cli", "evaluation", "diagnostics", "training")
PRINTING = [*(ROOT / "lvmctl" / room for room in ROOMS), *ROOT.glob("plugins/*/lvmctl_*")]
JUDGING = ("lvmctl/evaluation/gates/", "lvmctl/diagnostics/", "diagnosis.py")
HEADS = {"header", "head", "listed", "inside", "beside"}
"""What the code calls the heads of a table before it is made."""

VERDICT = re.compile(r"[A-Z][A-Z ]+[A-Z]")
FINDING = re.compile(r"[a-z]+(-[a-z]+)+")
LETTERS = {"ACDE", "ADE", "MRR"}
"""Tests of 5CAT by letter, and a metric."""

FILES = [path for place in PRINTING for path in sorted(place.rglob("*.py"))]


@cache
def trees() -> dict[str, ast.Module]:
    """The code of each file."""
    return {str(path): ast.parse(path.read_text(encoding="utf-8")) for path in FILES}


def glossary() -> list[list[str]]:
    """The terms of each row."""
    rows = table(read(DOCS / "glossary.md"), "term")
    assert all(what for _, what in rows)
    return [re.findall(r"`([^`]+)`", terms) for terms, _ in rows]


def texts(node: ast.AST) -> Iterator[str]:
    """The plain strings of an expression; those that are put together are left out."""
    composed = [n for n in ast.walk(node) if isinstance(n, ast.JoinedStr | ast.Subscript)]
    left_out = {id(part) for each in composed for part in ast.walk(each)}
    for each in ast.walk(node):
        plain = isinstance(each, ast.Constant) and isinstance(each.value, str)
        if plain and id(each) not in left_out:
            yield each.value


def heads(tree: ast.AST) -> Iterator[str]:
    """The heads of the columns of the tables that a file makes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and node.args:
            called = getattr(node.func, "id", getattr(node.func, "attr", ""))
            listed = node.args[0] if called in ("Table", "table") else None
        elif isinstance(node, ast.Assign):
            listed = node.value if getattr(node.targets[0], "id", "") in HEADS else None
        else:
            continue
        if isinstance(listed, ast.Tuple | ast.List):
            yield from texts(listed)


def judgements(tree: ast.AST) -> Iterator[str]:
    """Verdicts, statuses and names of findings in a file that judges."""
    for text in texts(tree):
        if VERDICT.fullmatch(text) and text not in LETTERS:
            yield text
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and getattr(node.func, "id", "") == "Finding" and node.args:
            yield from (text for text in texts(node.args[0]) if FINDING.fullmatch(text))


def named() -> Iterator[str]:
    """Metrics, baselines and profiles by name, and rows that tables of figures have."""
    for kind in ("metric", "baseline", "profile"):
        yield from load_registry().names(kind)
    for titles in (rendering.RANKS, rendering.SUMMARY, compare_rendering.FIGURES):
        yield from titles.values()
    yield from (*rendering.POOLS, *spectrum_view.NAMES.values(), *parity_view.LABELS.values())
    yield from run_ranking.METRICS.values()
    yield from (name for name, *_ in RULES)
    yield from (test for test, _, _ in ROWS)


def printed() -> set[str]:
    """Everything that is collected."""
    names = set(named())
    for path, tree in trees().items():
        names |= set(heads(tree))
        if any(place in path for place in JUDGING):
            names |= set(judgements(tree))
    return {term.removesuffix(", 95 %") for term in names} - {""}


def test_every_term_that_is_printed_is_explained():
    known = {term.casefold() for row in glossary() for term in row}
    assert sorted(term for term in printed() if term.casefold() not in known) == []


def test_much_is_printed():
    """Nothing that collects has gone blind."""
    assert len(printed()) > 150
    assert {"R@5", "INFEASIBLE", "orthogonal-escape", "gradient norm", "wiener"} <= printed()


def test_it_is_alphabetical_and_says_each_term_once():
    rows = glossary()
    first = [re.sub(r"^\W+", "", row[0]).casefold() for row in rows]
    assert first == sorted(first)
    terms = [term for row in rows for term in row]
    assert len(terms) == len(set(terms))


def test_the_output_that_is_read_has_the_rows_of_the_command():
    (shown,) = [b.text for b in blocks(DOCS / "evaluation.md") if b.mark == "5cat"]
    tests = {test for test, _, _ in ROWS if test and not test.endswith("by MRR@10")}
    assert all(re.search(rf"^{test}$", shown, re.MULTILINE) for test in tests)
    rows = [what.partition(" k = ")[0] for _, what, path in ROWS if not path.startswith("q.")]
    assert [what for what in rows if f"  {what}" not in shown] == []
    gates = next(p for p in PROFILES if p.name == "fair").gates
    named = [gate.removeprefix("fair-") for gate in gates]
    assert [gate for gate in named if f" {gate} " not in shown] == []
