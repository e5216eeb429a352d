"""What ``make demo`` runs: two recipes trained on the demonstration data, and what they learned.

It uses the public door alone, so it can be read as an example.
"""

from __future__ import annotations

import textwrap
from pathlib import Path

import lvmctl
from lvmctl import format_number as shown

RUNS = Path("runs")
RECIPES = {"p8": 1, "p9": 2}
"""Epochs of each recipe, of 1,500 windows each."""


def main() -> None:
    """Train, compare, rank a real example, write the report, say what to type next."""
    reporter, runs = Epochs(), {}
    for recipe, epochs in RECIPES.items():
        print(f"Training {recipe} on Python's own documentation …", flush=True)
        runs[recipe] = lvmctl.train(
            recipe, epochs=epochs, windows=1500, out=free(f"demo_{recipe}"), reporter=reporter
        )
    print("\n" + compared(runs))
    best = max(runs.values(), key=lambda run: run.best["val"]["r@5"])
    print("\n" + example(best))
    page = best.report(reporter=reporter)
    print(f"""
The report, with plots: {page}
What to type next:
  .venv/bin/lvmctl eval 5cat {best.path}          five tests and a verdict
  .venv/bin/lvmctl data embed TEXTS/ --out mine   vectors of your own texts
  .venv/bin/lvmctl train --plugin p9 --data mine""")


class Epochs(lvmctl.Reporter):
    """Prints a line for each epoch."""

    def epoch(self, record, epochs, windows_per_s):
        val = record["val"]
        print(
            f"  epoch {record['epoch']}/{epochs}: R@5 {shown(val['r@5'])}, "
            f"direct {shown(val['direct']['r@5'])}; {windows_per_s:.0f} windows/s",
            flush=True,
        )


def free(name: str) -> Path:
    """A run directory that does not exist yet."""
    paths = (RUNS / (f"{name}_{number}" if number else name) for number in range(10_000))
    return next(path for path in paths if not path.exists())


def compared(runs: dict[str, lvmctl.Run]) -> str:
    """R@5 of each run beside ``direct``, which retrieves with the last chunk itself."""
    lines = ["     R@5  direct  difference  95 % interval"]
    for recipe, run in runs.items():
        val = run.best["val"]
        ours, direct, (low, high) = val["r@5"], val["direct"]["r@5"], val["ci"]["r@5 - direct"]
        lines.append(
            f"{recipe}  {shown(ours):>5}  {shown(direct):>6}  "
            f"{shown(ours - direct, signed=True):>10}  "
            f"[{shown(low, signed=True)}, {shown(high, signed=True)}]"
        )
    lines.append(
        "R@5: how often the true next chunk is among the first five of its article.\n"
        "Above 0: better than searching with the last chunk itself. The text is a\n"
        "demonstration; what is measured on it says nothing about other text."
    )
    return "\n".join(lines)


def example(run: lvmctl.Run) -> str:
    """What was read and what the model ranks first: the first hit after the middle window.

    A hit is a window whose true next chunk is ranked first; R@5 says how often it is among five.
    """
    model = lvmctl.load(run)
    split = lvmctl.open_store().split("val")
    windows = split.windows(model.context_length)
    middle = len(windows) // 2
    for window in (*range(middle, len(windows)), *range(middle)):
        article, first = windows.article[window], int(windows.position[window])
        start, length = int(split.lengths[:article].sum()), int(split.lengths[article])
        texts = split.texts[start : start + length]
        target = first + model.context_length
        rest = [i for i in range(length) if not first <= i < target]
        ranking = model.rank_texts(texts[first:target], [texts[i] for i in rest], top=3)
        if rest[ranking.indices[0]] == target:
            why = "chosen because it is a hit"
            break
    else:
        why = "a miss, as all are"
    lines = [f"An example, {why}. The last chunk that was read:", line(texts[target - 1])]
    lines.append(f"What {run.recipe} ranks first of the article's {len(rest)} other chunks:")
    for place, number in enumerate(ranking.indices, 1):
        true = "  <- the true next chunk" if rest[number] == target else ""
        lines.append(f"{place}. {line(texts[rest[number]]).strip()}{true}")
    return "\n".join(lines)


def line(text: str) -> str:
    """A text in one line of a terminal."""
    return "   " + textwrap.shorten(text, 66, placeholder=" …")


if __name__ == "__main__":
    main()
