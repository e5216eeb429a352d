"""Diagnostics of stores and splits."""
