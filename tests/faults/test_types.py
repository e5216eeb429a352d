"""Values of another type, in each field of each JSON and TOML file that is read: one line."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from faults.process import lvmctl
from faults.scene import READERS, each, sample

DEEP = "[" * 3000 + "]" * 3000
VALUES = {
    "null": "null",
    "true": "true",
    "negative": "-1",
    "fraction": "0.5",
    "infinite": "1e999",
    "digits": "9" * 400,
    "long digits": "9" * 5000,
    "half a character": '"\\ud800"',
    "text": '"x"',
    "zero byte": '"\\u0000"',
    "empty list": "[]",
    "list": "[[0]]",
    "object": '{"x": {}}',
    "deep": DEEP,
}
TOML = {
    "true": "true",
    "negative": "-1",
    "infinite": "inf",
    "digits": "9" * 400,
    "text": '"x"',
    "zero byte": '"\\u0000"',
    "date": "1979-05-27",
    "list": "[[0]]",
    "object": "{ x = {} }",
    "deep": DEEP,
    "unfinished": '"',
}
EXPERIMENTS = (
    "experiments list",
    "experiments show small",
    "experiments validate",
    "train --experiment small --set windows=1",
)
STEP = 4
"""Every fourth value of a field is tried: of its neighbours, the others are."""

MARK = "\u2022mark\u2022"


def places(value: Any, depth: int = 5) -> Iterator[tuple]:
    """The paths to the fields of a JSON value; of a list, to its first item."""
    yield ()
    items: Any = value.items() if isinstance(value, dict) else enumerate(value[:1])
    for key, item in items:
        yield (key,)
        if isinstance(item, dict | list) and depth:
            yield from ((key, *path) for path in places(item, depth - 1) if path)


def replaced(value: Any, path: tuple) -> Any:
    """The value with a mark where a path leads."""
    if not path:
        return MARK
    copied = dict(value) if isinstance(value, dict) else list(value)
    copied[path[0]] = replaced(value[path[0]], path[1:])
    return copied


def fields(file: Path) -> list[tuple]:
    value = json.loads(file.read_text("utf-8"))
    return list(places(value))


@pytest.mark.parametrize("place", [place for place in READERS if place != "windows"])
def test_a_field_of_another_type(scene, again, tried, place):
    files = [path.relative_to(scene) for path in sorted((scene / place).rglob("*.json"))]
    cases = [
        (file, path, name) for file in files for path in fields(scene / file) for name in VALUES
    ]
    lines = itertools.cycle(READERS[place])

    def attempt(case: tuple[tuple[Path, tuple, str], str]) -> Iterator[str]:
        (file, path, name), line = case
        copied = again()
        changed = copied / file
        value = replaced(json.loads(changed.read_text("utf-8")), path)
        text = json.dumps(value, ensure_ascii=False).replace(f'"{MARK}"', VALUES[name])
        if file.name != "hashes.json":  # else the change alone is refused
            changed.with_name("hashes.json").unlink(missing_ok=True)
        changed.write_text(text, encoding="utf-8")
        ended = lvmctl(line, copied)
        tried(f"types: {place}")
        if ended.code != 0 and (complaint := ended.complaint()):
            yield f"{file} {path} {name}: {line}: {complaint}"

    wrong = each(attempt, zip(sample(f"types of {place}", cases[::STEP]), lines))
    assert not wrong, "\n".join(wrong)


def test_a_value_of_another_type_in_experiments(again, tried, scene):
    lines = (scene / "experiments.toml").read_text().splitlines()
    keys = [number for number, line in enumerate(lines) if " = " in line]
    cases = [(number, name, line) for number in keys for name in TOML for line in EXPERIMENTS]

    def attempt(case: tuple[int, str, str]) -> Iterator[str]:
        number, name, line = case
        place, text = again(), list(lines)
        text[number] = f"{text[number].partition(' = ')[0]} = {TOML[name]}"
        (place / "experiments.toml").write_text("\n".join(text))
        ended = lvmctl(line, place)
        tried("types: experiments")
        if ended.code != 0 and (complaint := ended.complaint()):
            yield f"{text[number]} {name}: {line}: {complaint}"

    wrong = each(attempt, sample("experiments", cases))
    assert not wrong, "\n".join(wrong)
