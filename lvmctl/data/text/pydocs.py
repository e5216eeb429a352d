"""Real text that every Python carries: the library's docstrings and the interpreter's topics."""

from __future__ import annotations

import ast
import os
import re
import sysconfig
import warnings
from collections.abc import Iterator
from pathlib import Path

from lvmctl.core.errors import DataError
from lvmctl.data.text.chunking import Text, chunker

_SKIPPED = {
    "__pycache__",
    "dist-packages",
    "ensurepip",
    "idlelib",
    "lib-dynload",
    "pydoc_data",
    "site-packages",
    "test",
    "tests",
    "turtledemo",
}
_FUNCTIONS = ast.FunctionDef | ast.AsyncFunctionDef
_MIN_WORDS = 6
_WORD = re.compile(r"[^\W\d_]{2,}")
_paragraphs = chunker("paragraph")


def library_articles() -> Iterator[Text]:
    """One article per module of the standard library, parsed and not imported: its docstrings."""
    root = Path(sysconfig.get_path("stdlib"))
    for path in _sources(root):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")  # of the library's own source
                tree = ast.parse(path.read_bytes())
        except (OSError, SyntaxError, ValueError):
            continue
        parts = path.relative_to(root).with_suffix("").parts
        module = ".".join(parts).removesuffix(".__init__")
        yield Text("\n\n".join(_docstrings(tree)), {"title": module})


def topic_articles() -> Iterator[Text]:
    """One article per topic of the interpreter's help, by name (``help("yield")``)."""
    try:
        from pydoc_data.topics import topics
    except ImportError as error:
        what = "this Python comes without pydoc_data.topics"
        hint = "install the full Python, or give --data STORE"
        raise DataError(what, where="the default data", hint=hint) from error
    for name in sorted(topics):
        yield Text(topics[name], {"title": f"help({name!r})"})


def prose(text: str) -> list[str]:
    """The paragraphs with at least six words, each once."""
    parts = _paragraphs(text)
    return list(dict.fromkeys(part for part in parts if len(_WORD.findall(part)) >= _MIN_WORDS))


def _sources(root: Path) -> Iterator[Path]:
    for folder, folders, files in os.walk(root):
        folders[:] = sorted(set(folders) - _SKIPPED)
        if not Path(folder).name.startswith("config-"):
            yield from (Path(folder, name) for name in sorted(files) if name.endswith(".py"))


def _docstrings(tree: ast.Module) -> Iterator[str]:
    """Depth first: module, class, methods and functions in the order of the source."""
    stack: list[ast.AST] = [tree]
    while stack:
        node = stack.pop()
        documented = isinstance(node, ast.Module | ast.ClassDef | _FUNCTIONS)
        if documented and (text := ast.get_docstring(node)):
            yield text
        inside = [child for child in ast.iter_child_nodes(node) if isinstance(child, ast.stmt)]
        stack.extend(reversed(inside))
