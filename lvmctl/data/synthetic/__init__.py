"""Synthetic worlds whose every metric has a known answer."""
