"""The fingerprint of an encoder: what it makes of twelve sentences, kept with every store.

Two encoders of one name may differ in their pooling or version, and their vectors then lie in
different spaces, which neither D nor the name shows (docs/methods.md#fingerprint).
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from lvmctl.core.errors import DataError, LvmctlError

PROBES = (
    "The river had risen in the night, and the bridge was gone.",
    "She counted the money twice and put it back into the drawer.",
    "Water boils at a lower temperature on a mountain than at the sea.",
    "Who would have thought that the old captain could dance?",
    "Let f be a continuous function on a closed interval; then f is bounded.",
    "He said nothing.",
    "The committee will meet again on Tuesday to discuss the new budget.",
    "Add the flour and the butter, and bake the bread for forty minutes.",
    "The function returns an empty list when the file cannot be opened.",
    "In 1848 there were revolutions in Paris, Vienna, Berlin and Milan.",
    "My dear friend, your letter made me happier than I can say.",
    "Most species of birds build their nests in the spring.",
)
"""Never changed: a change would be another version."""

VERSION = 1
WIDTH = 64
"""Numbers kept of each vector, the first ones: enough to tell spaces apart in a kilobyte."""

ALIKE = 0.999
"""Mean cosine from which two spaces are one: bfloat16, float16 and other kernels keep .9999."""


def fingerprint(encode: Callable[[Sequence[str]], np.ndarray]) -> dict[str, Any] | None:
    """What an encoder makes of the probes, for a manifest; None where it refuses one of them.

    Args:
        encode: texts (N,) → vectors (N, D), of any norm.
    """
    try:
        rows = np.asarray(encode(list(PROBES)), np.float32)
    except LvmctlError:
        return None
    first = rows[:, :WIDTH]
    largest = np.abs(first).max(1, keepdims=True)
    if len(rows) != len(PROBES) or not np.isfinite(first).all() or not largest.all():
        return None
    quantised = np.rint(first / largest * 127).astype(np.int8)
    vectors = base64.b64encode(quantised.tobytes()).decode()
    return {"probes": VERSION, "dim": rows.shape[1], "vectors": vectors}


def probe_cosine(first: Any, second: Any) -> float | None:
    """Mean cosine of the probes under two encoders, as manifests record them; 0 where D differs.

    Returns:
        -1 to 1; None where one has no fingerprint, or one of other probes.
    """
    both = [_read(encoder) for encoder in (first, second)]
    if both[0] is None or both[1] is None:
        return None
    (dim, rows), (other_dim, other_rows) = both
    return float((rows * other_rows).sum(1).mean()) if dim == other_dim else 0.0


def space_fault(first: Any, second: Any) -> str | None:
    """Why the vectors of two encoders cannot be compared; None where they can, or nobody knows."""
    cosine = probe_cosine(first, second)
    if cosine is None or cosine >= ALIKE:
        return None
    return f"the mean cosine of {len(PROBES)} probe sentences is {cosine:.2f}"


def require_one_space(
    encoder: Any, other: Any, where: object, among: str, hint: str | None = None
) -> None:
    """Refuse vectors of ``encoder`` where those of ``other`` are expected.

    What has no fingerprint passes.

    Args:
        encoder, other: the two as manifests record them; None is unknown.
        where: whose vectors these are.
        among: what the others are.
    """
    if fault := space_fault(encoder, other):
        names = encoder.get("name"), other.get("name")
        whose = f" ({names[0]}, not {names[1]})" if names[0] != names[1] else ""
        what = f"its vectors lie in another space than {among}{whose}: {fault}"
        raise DataError(what, where=where, hint=hint or "embed both with one encoder")


def unknown_spaces(encoders: Mapping[str, Any]) -> list[str]:
    """One notice where some of the encoders, by the names of their data, have a fingerprint and
    others have none, so that nobody can tell whether their vectors lie in one space; else none."""
    without = [name for name, encoder in encoders.items() if _read(encoder) is None]
    if len(without) in (0, len(encoders)):
        return []
    lacking = f"{', '.join(without)}: no fingerprint of the encoder is recorded"
    return [f"{lacking}, so whether its vectors lie in the space of the other data is unknown"]


def _read(encoder: Any) -> tuple[int, np.ndarray] | None:
    """D and the probes' unit vectors (12, at most WIDTH); None where there are none to be read."""
    record = encoder.get("fingerprint") if isinstance(encoder, dict) else None
    if not isinstance(record, dict) or record.get("probes") != VERSION:
        return None
    try:
        content = base64.b64decode(record["vectors"], validate=True)
        rows = np.frombuffer(content, np.int8).reshape(len(PROBES), -1).astype(np.float32)
        return int(record["dim"]), rows / np.linalg.norm(rows, axis=1, keepdims=True).clip(1e-9)
    except (KeyError, TypeError, ValueError):
        return None
