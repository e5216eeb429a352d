"""Metrics: numbers from vectors and ranks."""
