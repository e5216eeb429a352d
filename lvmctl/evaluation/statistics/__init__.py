"""Metrics: numbers from vectors and ranks, and how sure they are."""

from lvmctl.evaluation.statistics.intervals import Resampling

__all__ = ["Resampling"]
