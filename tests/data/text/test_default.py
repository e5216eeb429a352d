"""The embedded default data."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from lvmctl.core.errors import DataError
from lvmctl.data import Store, Windows, open_splits
from lvmctl.data.store.cache import cache_directory
from lvmctl.data.text import default
from lvmctl.data.text.pydocs import library_articles, prose, topic_articles


@pytest.fixture
def cached(cache_dir, monkeypatch):
    """The session's cache, so that the data is built once."""
    monkeypatch.setenv("LVMCTL_CACHE", str(cache_dir))


@pytest.fixture
def small(tmp_path, monkeypatch):
    """A tiny corpus and a cache of its own, to build quickly."""
    monkeypatch.setenv("LVMCTL_CACHE", str(tmp_path / "cache"))
    words = [f"word{letter}" for letter in "abcdefghijklmnopqrstuvwxyz"]

    def articles(prefix, count):
        rng = np.random.default_rng(len(prefix))
        for number in range(count):
            parts = [" ".join(rng.choice(words, 7)) for _ in range(9)]
            yield default.Text("\n\n".join(parts), {"title": f"{prefix}{number}"})

    monkeypatch.setattr(default, "library_articles", lambda: articles("m", 30))
    monkeypatch.setattr(default, "topic_articles", lambda: articles("topic", 4))
    return tmp_path / "cache"


def test_it_is_large_enough_and_says_what_it_is(cached):
    splits = open_splits()
    parts = (splits.train, splits.val, splits.ood)
    counts = [len(Windows(part, 5, 1)) for part in parts]
    assert sum(counts) >= 3000
    assert sum(len(part.lengths) for part in parts) >= 100
    assert {article["source"] for article in splits.ood.articles} == {"help topics"}
    assert {article["source"] for article in splits.val.articles} == {"docstrings"}
    assert any("a demonstration" in notice for notice in splits.notices)
    assert all("a demonstration" in part.source["note"] for part in parts)
    made = Store.open(cache_directory() / f"default-{default.cache_key()}").manifest["made"]
    assert made["encoder_fitted_on"] == "train"
    # Like real text, near chunks are more alike.
    windows = Windows(splits.train, 5, 1)
    index = np.arange(len(windows))
    context, target = windows.context(index), windows.target(index)
    cosines = np.einsum("nkd,nd->k", context, target) / len(index)
    assert cosines[4] > cosines[0] + 0.03


def test_no_paragraph_occurs_twice(cached):
    texts = list(default.default_store().texts())
    assert len(texts) == len(set(texts))


def test_a_paragraph_stays_where_it_is_first(small, monkeypatch):
    copied = list(default.library_articles())
    twin = default.Text(copied[3].text, {"title": "twin"})
    half = default.Text(copied[4].text + "".join(t.text for t in default.topic_articles()), {})
    monkeypatch.setattr(default, "library_articles", lambda: iter([*copied, twin]))
    monkeypatch.setattr(default, "topic_articles", lambda: iter([*copied[:2], half]))
    store = default.default_store()
    assert [article["title"] for article in store.articles[:30]] == [f"m{i}" for i in range(30)]
    assert len(store.articles) == 31
    assert store.articles[30]["source"] == "help topics"


def test_it_is_built_once_and_deterministic(small, monkeypatch):
    first = default.default_store()
    monkeypatch.setattr(default, "build", lambda create: pytest.fail("built again"))
    assert default.default_store().content_hash == first.content_hash
    monkeypatch.undo()


def test_two_builds_agree(small, tmp_path, monkeypatch):
    first = default.default_store().content_hash
    monkeypatch.setenv("LVMCTL_CACHE", str(tmp_path / "other"))
    assert default.default_store().content_hash == first


def test_it_is_rebuilt_when_stale_or_damaged(small, monkeypatch):
    store = default.default_store()
    vectors = store.path / "vectors.npy"
    vectors.write_bytes(vectors.read_bytes()[:-8])
    assert default.default_store().content_hash == store.content_hash
    monkeypatch.setattr(default, "RECIPE", default.RECIPE + 1)
    assert default.default_store().path != store.path
    monkeypatch.setattr(default.sys, "version", "4.0")
    default.default_store()
    assert len(list(small.glob("default-*"))) == 3


@pytest.mark.parametrize("manifest", [None, {"format": "lvmctl.store/1"}, {"made": ["by hand"]}])
def test_a_copy_without_its_manifest_is_rebuilt(small, manifest):
    path = default.default_store().path / "store.json"
    whole = json.loads(path.read_text())
    path.unlink()
    if manifest is not None:
        path.write_text(json.dumps({**whole, "made": None, **manifest}))
    store = default.default_store()
    assert {article["split"] for article in store.articles} == {"train", "val", "ood"}
    assert json.loads(path.read_text()) == whole


@pytest.mark.parametrize("kind", ["error", "a path from nowhere"])
def test_without_a_home_it_is_built_in_passing(small, monkeypatch, kind):
    def nobody(*args, **named):
        if kind == "error":
            raise RuntimeError("could not determine the home directory")
        return Path("~/.cache/lvmctl")

    monkeypatch.setattr("platformdirs.user_cache_path", nobody)
    monkeypatch.delenv("LVMCTL_CACHE")
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    store = default.default_store()
    assert len(store.articles) == 34
    assert any("no home directory; set LVMCTL_CACHE" in notice for notice in store.notices)


@pytest.mark.parametrize("missing", ["pydoc_data", "pydoc_data.topics"])
def test_a_python_without_topics_says_so(monkeypatch, missing):
    monkeypatch.delitem(sys.modules, "pydoc_data.topics", raising=False)
    monkeypatch.setitem(sys.modules, missing, None)  # importing it fails
    with pytest.raises(DataError, match=r"without pydoc_data.topics; install .*--data STORE"):
        list(topic_articles())


def test_a_cache_that_cannot_be_written_is_no_obstacle(small, monkeypatch):
    small.parent.joinpath("cache").write_text("a file, not a directory")
    store = default.default_store()
    assert len(store.articles) == 34
    assert any("could not be cached" in notice for notice in store.notices)
    assert any("a demonstration" in notice for notice in store.notices)


def test_of_several_builders_one_builds(small, monkeypatch):
    built = []
    build = default.build
    monkeypatch.setattr(default, "build", lambda create: built.append(build(create)))
    with ThreadPoolExecutor(4) as pool:
        stores = list(pool.map(lambda _: default.default_store(), range(4)))
    assert len(built) == 1
    assert len({store.content_hash for store in stores}) == 1


def test_a_python_without_sources_says_so(small, monkeypatch):
    monkeypatch.setattr(default, "library_articles", lambda: iter(()))
    with pytest.raises(DataError, match=r"without its library's sources .*--data STORE"):
        default.default_store()


def test_docstrings_come_in_source_order():
    article = next(a for a in library_articles() if a.entry["title"] == "textwrap")
    parts = prose(article.text)
    assert parts[0].startswith("Object for wrapping/filling text")
    order = [article.text.index(text) for text in ("Wrap a single paragraph", "Collapse and trunc")]
    assert order == sorted(order)


@pytest.mark.parametrize(
    ("env", "expected"),
    [
        ({"LVMCTL_CACHE": "/x/cache"}, "/x/cache"),
        ({"XDG_CACHE_HOME": "/x"}, "/x/lvmctl"),
        ({"XDG_CACHE_HOME": "relative"}, "~/.cache/lvmctl"),
        ({}, "~/.cache/lvmctl"),
    ],
)
def test_cache_directory(monkeypatch, env, expected):
    for name in ("LVMCTL_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    assert cache_directory() == Path(expected).expanduser()
