"""What a plugin may import is documented, and is there; links lead somewhere."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys

import pytest
from docs.pages import DOCS, PAGES, PLUGINS, ROOT, anchors, read, section, table

from lvmctl.testing.public import PUBLIC


def rows() -> dict[str, str]:
    """What the page says of each public module."""
    documented = {}
    for modules, what in table(
        section(PLUGINS / "README.md", "## What a plugin may import"), "module"
    ):
        documented |= dict.fromkeys(re.findall(r"`([\w.]+)`", modules), what)
    return documented


def test_every_public_module_is_documented():
    assert set(rows()) == PUBLIC


@pytest.mark.parametrize("module", sorted(PUBLIC))
def test_it_has_what_is_documented(module):
    names = re.findall(r"`(\w+)`", rows()[module])
    imported = importlib.import_module(module)
    assert [name for name in names if not hasattr(imported, name)] == []


def test_what_is_documented_as_free_of_torch_is():
    """Where there is neither torch nor NumPy it can be imported."""
    free = [module for module, what in rows().items() if what.endswith("torch-free")]
    assert free
    code = "import sys; sys.modules['torch'] = sys.modules['numpy'] = None"
    code = "; ".join([code, *(f"import {module}" for module in free)])
    result = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert result.returncode == 0, result.stderr


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_somewhere(page):
    text = re.sub(r"```.*?```", "", read(page), flags=re.DOTALL)
    for link in re.findall(r"\]\(([^)\s]+)\)", text):
        if re.match(r"\w+://", link):
            continue
        path, _, anchor = link.partition("#")
        there = (page.parent / path).resolve() if path else page
        assert there.exists(), link
        assert not anchor or anchor in anchors(there), link


def test_every_page_of_plugins_is_in_the_index():
    listed = re.findall(r"^\| \[([\w.]+)\]", read(PLUGINS / "README.md"), re.MULTILINE)
    assert sorted([*listed, "README.md"]) == sorted(page.name for page in PLUGINS.glob("*.md"))


def test_every_page_is_reached_from_the_readme():
    readme = read(ROOT / "README.md")
    assert [page.name for page in DOCS.glob("*.md") if f"(docs/{page.name})" not in readme] == []
    assert "(docs/plugins/README.md)" in readme


def test_every_page_is_in_the_site():
    nav = read(ROOT / "mkdocs.yml").partition("\nnav:")[2]
    outside = (f"packages/{page.parent.name}.md" for page in ROOT.glob("plugins/*/README.md"))
    pages = [*(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")), *outside]
    assert [page for page in pages if f": {page}\n" not in nav] == []
