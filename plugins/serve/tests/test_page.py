"""docs/serve.md: what its Python prints is what stands below it."""

from __future__ import annotations

import contextlib
import io
import re
import threading
import time
from pathlib import Path

import pytest
import uvicorn
from lvmctl_serve.app import make_app
from lvmctl_serve.served_model import ServedModel
from lvmctl_serve.service import Service

import lvmctl

DOCS = Path(__file__).resolve().parents[3] / "docs"
RUN = re.compile(
    r"<!-- run -->\n```python\n(.*?)```(?:\n<!-- output -->\n```text\n(.*?)```)?", re.DOTALL
)


def parts(page: str) -> list[tuple[str, str]]:
    """The Python of a page, and what it prints."""
    return RUN.findall((DOCS / page).read_text(encoding="utf-8"))


@pytest.fixture
def address(tmp_path_factory, monkeypatch):
    """A server of the run that docs/python.md trains."""
    pytest.importorskip("lvmctl_classic", reason="its run is of lvmctl-classic")
    names: dict[str, object] = {}
    monkeypatch.chdir(tmp_path_factory.mktemp("page"))
    with contextlib.redirect_stdout(io.StringIO()):
        for code, _ in parts("python.md"):
            exec(code, names)
            if "runs/days" in code:
                break
    service = Service([ServedModel("runs/days", None, "nearest")])
    listening = lvmctl.listen("127.0.0.1", 0)
    server = uvicorn.Server(uvicorn.Config(make_app(service), log_config=None))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listening.socket]})
    thread.start()
    while not server.started:
        time.sleep(0.01)
    yield listening.url
    server.should_exit = True
    thread.join(10)


def test_the_python_of_the_page_prints_what_stands_below_it(address):
    names: dict[str, object] = {}
    for code, expected in parts("serve.md"):
        printed = io.StringIO()
        with contextlib.redirect_stdout(printed):
            exec(code.replace("http://127.0.0.1:9007", address), names)
        assert printed.getvalue() == expected


def test_every_option_is_on_the_page():
    from lvmctl_serve.command import serve

    page = (DOCS / "serve.md").read_text(encoding="utf-8")
    options = [name for parameter in serve.params for name in parameter.opts if name[:2] == "--"]
    assert [name for name in options if f"`{name}" not in page] == []
