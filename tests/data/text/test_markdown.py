"""Markdown → its text and what is none."""

from __future__ import annotations

import lvmctl
from lvmctl.data.text.chunking import chunker
from lvmctl.data.text.markdown import markdown_text

NOTES = """---
title: "Notes"
tags: [a]
---

# The *first* heading

A [link](https://example.org/a_b "t") and `code`, a ![picture](p.png) and
a second line.<!-- hidden -->

| a | b |
|---|---|
| 1 | 2 |

```python
print("# no heading")
```

    indented = code

<!-- a comment
of two lines -->

- item *one*
- item [two][ref]

> quoted

<div>in a block</div>

Under
=====

[ref]: https://example.org
"""


def read(text):
    body, title, left_out = markdown_text(text)
    return chunker("paragraph")(body), title, {k: n for k, n in left_out.items() if n}


def test_code_tables_comments_and_targets_are_no_text():
    chunks, title, left_out = read(NOTES)
    assert title == "Notes"
    assert chunks == [
        "A link and code, a and a second line.",
        "item one",
        "item two",
        "quoted",
        "in a block",
    ]
    assert left_out == {"image": 1, "comment": 2, "table": 1, "code block": 2}


def test_the_first_heading_is_the_title_where_nothing_says_one():
    assert read("text\n\n## A `b` [c](d)\n\n# E\n") == (["text"], "A b c", {})
    assert read("---\n\ntext\n") == (["text"], None, {})
    assert read("---\r\nauthor: me\r\n---\r\ntext\r\n") == (["text"], None, {})


def test_what_is_left_out_is_counted_in_a_notice(tmp_path):
    for name in "ab":
        (tmp_path / f"{name}.md").write_text(f"{NOTES}\n{name}\n")
    store = lvmctl.embed(
        [tmp_path / "a.md", tmp_path / "b.md"], out=tmp_path / "s", min_texts=1, max_share=1.0
    )
    said = "left out of Markdown: 4 code blocks, 4 comments, 2 images, 2 tables"
    assert said in store.notices
