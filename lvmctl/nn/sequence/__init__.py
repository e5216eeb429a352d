"""Sequence models: what reads a window."""
