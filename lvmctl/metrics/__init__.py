"""Metrics: numbers from vectors and ranks, and how sure they are."""

from lvmctl.metrics.intervals import Resampling

__all__ = ["Resampling"]
