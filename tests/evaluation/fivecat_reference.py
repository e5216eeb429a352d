"""5CAT A, C, D and E (docs/methods.md#5cat) in float64 loops: slow, independent of lvmctl.

Vectors, articles and windows are those of ``reference.py``. A column is a dictionary: window number
→ value, over the windows that are counted.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable

from evaluation.reference import Articles, Vector, Window, context_of, dot, mean, target_of, unit

Column = dict[int, float]
Predictor = Callable[[list[Vector]], Vector]


def direct(context: list[Vector]) -> Vector:
    return context[-1]


def centroid(context: list[Vector]) -> Vector:
    return unit([sum(column) for column in zip(*context)])


def rising(context: list[Vector]) -> Vector:
    """A mean in which the i-th chunk counts i times: every place of the window matters."""
    return unit([sum(i * x for i, x in enumerate(column, start=1)) for column in zip(*context)])


PREDICTORS: dict[str, Predictor] = {"direct": direct, "centroid": centroid, "rising": rising}


# ------------------------------------------------------------------ A


def offset_of(window: Window, position: int, h: int) -> int:
    """How far the chunk stored at ``position`` is from the target, chunks that are not stored
    between the window and its target counted too."""
    if position >= window.target:
        return position - window.target
    return position - (window.first + window.k - 1 + h)


def sweep(
    articles: Articles, windows: list[Window], h: int, predictions: list[Vector]
) -> dict[int, Column]:
    """cos(q, x_{target+k}) by offset k = -K-h-2 … 3."""
    sweep: dict[int, Column] = {}
    for number, (window, q) in enumerate(zip(windows, predictions)):
        for position, chunk in enumerate(articles[window.article]):
            k = offset_of(window, position, h)
            if -window.k - h - 2 <= k <= 3:
                sweep.setdefault(k, {})[number] = dot(q, chunk)
    return sweep


def margin(swept: dict[int, Column], k: int) -> Column:
    """cos(q, y) - cos(q, x_k) of the windows that have x_k."""
    return {number: swept[0][number] - cosine for number, cosine in swept[k].items()}


def allowed(rule: str, k: int, h: int) -> list[int]:
    """Offsets that a rule compares the target with."""
    if rule == "seed":
        return [-1]
    if rule == "strict":
        return [-3, -2, -1, 1, 2, 3]
    inside = [-h - i for i in range(k)]
    return [offset for offset in range(-k - h - 2, 4) if offset and offset not in inside]


def smallest_margin(swept: dict[int, Column], offsets: list[int]) -> float | None:
    """Mean margin against the best of ``offsets``; None where no window has any."""
    means = [mean(list(margin(swept, k).values())) for k in offsets if k in swept]
    return min(means, default=None)


def accuracy(swept: dict[int, Column], k: int, h: int) -> Column:
    """1, ½ or 0 for the windows that have a chunk at every offset outside the window."""
    column = {}
    offsets = allowed("fair", k, h)
    for number, cosine in swept[0].items():
        if all(number in swept.get(offset, {}) for offset in offsets):
            others = [swept[offset][number] for offset in offsets]
            column[number] = 0.0 if max(others) > cosine else 0.5 if cosine in others else 1.0
    return column


# ------------------------------------------------------------------ C


def perturbed(context: list[Vector], name: str) -> list[list[Vector]]:
    """What a context becomes, once or several times, where nothing is drawn."""
    if name == "reversed":
        return [context[::-1]]
    if name == "padded":
        return [[context[-1] for _ in context]]
    contexts = []
    for left_out in range(len(context)):
        others = [chunk for i, chunk in enumerate(context) if i != left_out]
        contexts.append([others[0], *others])
    return contexts


def change(
    predictor: Predictor, context: list[Vector], target: Vector, contexts: list[list[Vector]]
) -> float:
    """Mean cos(q, y) from ``contexts``, minus that from ``context``."""
    cosines = [dot(predictor(each), target) for each in contexts]
    return mean(cosines) - dot(predictor(context), target)


def ablation(articles: Articles, windows: list[Window], predictor: Predictor, name: str) -> Column:
    column = {}
    for number, window in enumerate(windows):
        context = context_of(articles, window)
        target = target_of(articles, window)
        column[number] = change(predictor, context, target, perturbed(context, name))
    return column


# ------------------------------------------------------------------ D


def rollout(
    articles: Articles, windows: list[Window], h: int, predictor: Predictor, steps: int
) -> list[Column]:
    """A column per step, of the windows whose article holds every chunk that is predicted."""
    columns: list[Column] = [{} for _ in range(steps)]
    for number, window in enumerate(windows):
        article = articles[window.article]
        truth = [window.target + step * h for step in range(steps)]
        if truth[-1] >= len(article):
            continue
        context = context_of(articles, window)
        for step, position in enumerate(truth):
            q = predictor(context)
            columns[step][number] = dot(q, article[position])
            context = [*context[1:], q]
    return columns


# ------------------------------------------------------------------ E


def coherence(context: list[Vector]) -> float:
    return mean([dot(first, other) for first, other in itertools.pairwise(context)])


def coherence_bin(value: float) -> str:
    if value < 0.45:
        return "low"
    return "normal" if value <= 0.55 else "high"
