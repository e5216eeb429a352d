"""Pages that are followed from top to bottom, in Python and in the shell."""

from __future__ import annotations

import io
from contextlib import redirect_stdout

import pytest
from docs.pages import DOCS, blocks, typed

from lvmctl.cli.main import run as main


@pytest.mark.parametrize(
    ("page", "prints"), [("texts.md", 5), ("published-files.md", 11), ("predict.md", 8)]
)
def test_the_page_is_followed(page, prints, tmp_path, monkeypatch, cache_dir, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LVMCTL_CACHE", str(cache_dir))
    names: dict = {"__name__": "page"}
    shown, compared = "", 0
    for mark, _, text in blocks(DOCS / page):
        if mark == "python":
            with redirect_stdout(io.StringIO()) as out:
                exec(compile(text, f"docs/{page}", "exec"), names)
            shown = out.getvalue()
        elif mark == "shell":
            capsys.readouterr()
            for words in typed(text):
                # A verdict that rests on times, too, may be a failure on a busy machine.
                codes = {0, 1} if words[:2] == ["eval", "compare"] else {0}
                assert main(words) in codes, (words, capsys.readouterr().err)
            shown = "".join(capsys.readouterr())
        else:
            assert mark == "prints"
            printed = [" ".join(line.split()) for line in shown.splitlines()]
            for line in text.splitlines():
                wanted = " ".join(line.split())
                assert any(wanted in each for each in printed), (wanted, shown)
            compared += 1
    assert compared == prints
