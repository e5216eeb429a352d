"""Checks the code of the pages, and what ``lvmctl plugins new`` writes, with one run of mypy.

Run by ``make lint``, from the root of the repository. Each page has a folder of its own; its code
stands on the lines that it has on the page. Functions may go without annotations; whatever is
called is checked.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

from pages import DOCS, PLUGINS, ROOT, blocks, read

from lvmctl.scaffold.names import Names
from lvmctl.scaffold.package import USE, render

UNTYPED = "\n# mypy: allow-untyped-defs\n"
"""In each file, so that the options of the run, and with them its cache, are those of the code."""


def code_of(page: Path) -> dict[str, str]:
    """The whole files that a page shows, by their paths; code without a path is one more."""
    files: dict[str, str] = {}
    for block in blocks(page):
        what, _, path = block.mark.partition(": ")
        if block.language != "python" or what == "shows":
            continue
        path = path or f"page_{page.stem}.py"
        line = read(page).partition(block.text)[0].count("\n")
        above = files.get(path, "")
        files[path] = above + "\n" * (line - above.count("\n")) + block.text
    return files


def write(folder: Path, files: dict[str, str]) -> None:
    """Write the Python files among ``files``; the pages leave out what makes a package."""
    for path, text in files.items():
        file = folder / path
        if file.suffix == ".py":
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text + UNTYPED, encoding="utf-8")
            if file.parent.name.startswith("lvmctl_"):
                (file.parent / "__init__.py").touch()


def main() -> int:
    """The exit status of mypy."""
    with TemporaryDirectory() as work:
        for page in (DOCS / "python.md", DOCS / "texts.md", *sorted(PLUGINS.glob("*.md"))):
            write(Path(work, page.name), code_of(page))
        for kind in USE:
            write(Path(work, f"new-{kind}"), render(kind, Names(f"new-{kind}")))
        return subprocess.run([sys.executable, "-m", "mypy", work], cwd=ROOT).returncode


if __name__ == "__main__":
    sys.exit(main())
