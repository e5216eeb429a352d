"""docs/python.md is run from top to bottom, and shows what it says it shows."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

from docs.pages import DOCS, blocks


def test_the_page_is_run(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict = {"__name__": "page"}
    shown, outputs = "", 0
    for block in blocks(DOCS / "python.md"):
        if block.mark == "run":
            with redirect_stdout(io.StringIO()) as out:
                exec(compile(block.text, "docs/python.md", "exec"), names)
            shown = out.getvalue()
        elif block.mark == "output":
            assert shown == block.text
            outputs += 1
    assert outputs == 10
