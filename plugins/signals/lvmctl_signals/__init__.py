"""Warnings while a training runs: the figures the reports watch (METHODS §4)."""
