"""What a user would take instead, for ranks and search: each gives the figure that ours gives.

A peer that is not installed is left out with a line; benchmarks/requirements.txt names them all.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from importlib.util import find_spec

import numpy as np
import torch


def installed(package: str) -> bool:
    """Whether a package is here; if not, a line says so."""
    if find_spec(package) is None:
        print(f"  {package} is not installed, so there is no comparison with it", file=sys.stderr)
        return False
    return True


Search = Callable[[np.ndarray, int], np.ndarray]
"""Unit vectors (B, D) and k → numbers (B, k) of the nearest rows, the nearest first."""


def faiss_flat(rows: np.ndarray, threads: int) -> Search:
    """Exact search by faiss."""
    import faiss

    faiss.omp_set_num_threads(threads)
    index = faiss.IndexFlatIP(rows.shape[1])
    index.add(rows)
    return lambda q, k: index.search(q, k)[1]


def usearch_exact(rows: np.ndarray, threads: int) -> Search:
    """Exact search by usearch."""
    from usearch.index import MetricKind, search

    def nearest(q: np.ndarray, k: int) -> np.ndarray:
        matches = search(rows, q, k, MetricKind.IP, exact=True, threads=threads)
        return np.asarray(matches.keys, np.int64).reshape(len(q), -1)

    return nearest


SEARCHES = {"faiss": ("faiss IndexFlatIP", faiss_flat), "usearch": ("usearch exact", usearch_exact)}
"""By package: what it is called, and the search over unit rows (N, D) float32."""


def searches(rows: np.ndarray) -> Iterator[tuple[str, Search]]:
    """Those that are installed, over unit rows (N, D) float32, with as many threads as torch."""
    for package, (name, search_in) in SEARCHES.items():
        if installed(package):
            yield name, search_in(rows, torch.get_num_threads())


def found_in_time(numbers: np.ndarray, inside: np.ndarray, target: np.ndarray, k: int) -> float:
    """Share of targets (W,) among the first ``k`` numbers (W, n) without the window's (W, C)."""
    left_out = (numbers[:, :, None] == inside[:, None]).any(axis=2)
    place = np.cumsum(~left_out, axis=1)
    return float(((numbers == target[:, None]) & (place <= k)).any(axis=1).mean())


class PykeenRanks:
    """R@k by PyKEEN's rank evaluation: realistic ranks, NaN where a chunk is no candidate."""

    def __init__(self, k: int) -> None:
        from pykeen.evaluation import RankBasedEvaluator

        self.k, self.evaluator = k, RankBasedEvaluator()

    def add(self, scores: torch.Tensor, inside: np.ndarray, target: np.ndarray) -> None:
        """Scores (B, N), the places of each window (B, C) and of its target (B,)."""
        right = torch.from_numpy(target)[:, None]
        true_scores = scores.gather(1, right)
        scores = scores.scatter(1, torch.from_numpy(inside), torch.nan)
        triples = torch.cat([torch.zeros(len(right), 2, dtype=torch.int64), right], dim=1)
        self.evaluator.process_scores_(triples, "tail", scores, true_scores)

    def recall(self) -> float:
        """R@k of all that was added."""
        return self.evaluator.finalize().get_metric(f"both.realistic.hits_at_{self.k}")


def by_sentence_transformers(
    q: np.ndarray, rows: np.ndarray, inside: np.ndarray, target: np.ndarray, k: int
) -> float:
    """R@k by sentence-transformers' InformationRetrievalEvaluator; its score function, which is the
    caller's to give, leaves out the window."""
    from sentence_transformers.evaluation import InformationRetrievalEvaluator

    places = torch.from_numpy(inside)

    class OfVectors(InformationRetrievalEvaluator):
        """Texts are numbers of vectors that are there."""

        def embed_inputs(self, model: torch.Tensor, sentences: list[str], **_: object):
            return model[int(sentences[0]) : int(sentences[-1]) + 1]

    def scores(left: torch.Tensor, right: torch.Tensor) -> torch.Tensor:
        return (left @ right.T).scatter_(1, places, -torch.inf)

    numbers = [str(number) for number in range(len(rows))]
    evaluator = OfVectors(
        dict(zip(numbers, numbers[: len(q)])),
        dict(zip(numbers, numbers)),
        {numbers[query]: {numbers[row]} for query, row in enumerate(target.tolist())},
        corpus_chunk_size=len(rows),
        mrr_at_k=[k],
        ndcg_at_k=[k],
        accuracy_at_k=[k],
        precision_recall_at_k=[k],
        map_at_k=[k],
        write_csv=False,
        score_functions={"cosine": scores},
    )
    left, right = torch.from_numpy(q), torch.from_numpy(rows)
    measured = evaluator.compute_all_metrics(left, corpus_model=right)
    return float(measured["cosine"]["recall@k"][k])


def by_ranx(relevant: dict[str, dict[str, int]], run: dict[str, dict[str, float]], k: int) -> float:
    """R@k by ranx, of scores by query and chunk."""
    import ranx

    measured = ranx.evaluate(ranx.Qrels(relevant), ranx.Run(run), f"recall@{k}")
    return float(measured)


def in_turns(ways: dict[str, Callable[[], object]], turns: int) -> dict[str, list[float]]:
    """Seconds of each turn, by way; they take turns, so that a busy moment hits them alike."""
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(turns):
        for name, way in ways.items():
            begin = time.perf_counter()
            way()
            seconds[name].append(time.perf_counter() - begin)
    return seconds
