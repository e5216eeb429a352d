"""Warnings while a training runs: the figures the reports watch (docs/methods.md#recipes)."""
