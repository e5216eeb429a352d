"""Retrieval figures from ranks (METHODS §3, Pools)."""

from __future__ import annotations

import numpy as np

CUTS = (1, 5, 10)


def retrieval(ranks: np.ndarray, sizes: np.ndarray) -> dict[str, float]:
    """R@1/5/10, MRR and MRR@10 of target ranks, with chance and the mean pool size beside them.

    Args:
        ranks: (W,) rank of each window's target, 1 + #better + ½·#ties, so halves occur.
        sizes: (W,) candidates in each window's pool, the target among them.

    Returns:
        Figures in [0, 1], ``pool_mean``, ``chance_r@5`` (the mean of min(5, n)/n) and ``windows``;
        only ``windows`` = 0 where there is no window.
    """
    if not len(ranks):
        return {"windows": 0}
    figures = {f"r@{k}": float((ranks <= k).mean()) for k in CUTS}
    figures["mrr"] = float((1 / ranks).mean())
    figures["mrr@10"] = float(np.where(ranks <= 10, 1 / ranks, 0).mean())
    figures["chance_r@5"] = float(np.minimum(5 / sizes, 1).mean())
    figures["pool_mean"] = float(sizes.mean())
    return figures | {"windows": len(ranks)}
