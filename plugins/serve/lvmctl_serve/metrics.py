"""What the server counts, for ``/metrics``, ``/metrics/prometheus`` and ``/health``."""

from __future__ import annotations

from collections import deque

import numpy as np
from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

TARGETS = {"p50_ms": 1000.0, "p95_ms": 1300.0, "error_rate_pct": 0.5}
"""The published targets of latency and errors."""

RECENT = 1000
"""Requests that the percentiles are of."""

SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)
SIZES = (1, 2, 4, 8, 16, 32, 64, 128)


class Metrics:
    """Counts of requests, and the latencies of the latest POST requests."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "lvmctl_requests", "Requests.", ["path", "status"], registry=self.registry
        )
        self.seconds = Histogram(
            "lvmctl_request_seconds",
            "Time from a request's first byte to its answer's last.",
            ["path"],
            buckets=SECONDS,
            registry=self.registry,
        )
        self.batches = Histogram(
            "lvmctl_batch_size",
            "Requests that were computed together.",
            ["kind"],
            buckets=SIZES,
            registry=self.registry,
        )
        self._recent: deque[tuple[float, bool]] = deque(maxlen=RECENT)

    def observe(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request that was answered."""
        self.requests.labels(path, str(status)).inc()
        self.seconds.labels(path).observe(seconds)
        if method == "POST":
            self._recent.append((1000 * seconds, status >= 500))

    def recent(self) -> dict[str, float]:
        """p50 and p95 in ms and the share of faults, of the latest POST requests; 0 before any."""
        if not self._recent:
            return dict.fromkeys(TARGETS, 0.0)
        ms, failed = np.array(self._recent).T
        p50, p95 = np.percentile(ms, [50, 95]).tolist()
        values = (p50, p95, 100 * float(failed.mean()))
        return {name: round(value, 3) for name, value in zip(TARGETS, values)}

    def violations(self) -> list[str]:
        """The targets that are missed, in words."""
        now = self.recent()
        return [
            f"{name} {now[name]:g} > {target:g}"
            for name, target in TARGETS.items()
            if now[name] > target
        ]

    def prometheus(self) -> bytes:
        """The text of Prometheus."""
        return generate_latest(self.registry)
