"""Hooks of ``mkdocs.yml``: the site is made of the same pages that the repository shows.

README.md is its first page and the README of each plugin is a page; links between them, and
anchors, are those of the repository.
"""

from __future__ import annotations

import posixpath
import re
from pathlib import Path

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

ROOT = Path(__file__).resolve().parents[1]
OUTSIDE = {
    ROOT / "README.md": "index.md",
    ROOT / "CONTRIBUTING.md": "contributing.md",
    ROOT / "CHANGELOG.md": "changelog.md",
    ROOT / "CITATION.cff": "CITATION.cff",
    **{page: f"packages/{page.parent.name}.md" for page in ROOT.glob("plugins/*/README.md")},
}
"""Files that do not lie in docs/, with their places in the site."""

LINK = re.compile(r"\]\(([^)#\s]+)((?:#[^)\s]*)?)\)")


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Give headings the anchors that a repository gives them."""
    config.mdx_configs.setdefault("toc", {})["slugify"] = anchor
    return config


def anchor(heading: str, separator: str) -> str:
    """``## One window`` → ``one-window``."""
    return re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", separator)


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the files that do not lie in docs/."""
    for page, place in OUTSIDE.items():
        files.append(File.generated(config, place, abs_src_path=str(page)))
    return files


def on_page_markdown(markdown: str, page: Page, config: MkDocsConfig, files: Files) -> str:
    """Lead links to where the pages are in the site."""
    source = Path(page.file.abs_src_path or "")
    places = OUTSIDE | {Path(f.abs_src_path): f.src_uri for f in files if f.abs_src_path}

    def moved(link: re.Match[str]) -> str:
        target = (source.parent / link[1]).resolve()
        place = places.get(target) or places.get(target / "README.md")
        if place is None:
            return link[0]
        return f"]({posixpath.relpath(place, posixpath.dirname(page.file.src_uri))}{link[2]})"

    return LINK.sub(moved, markdown)
