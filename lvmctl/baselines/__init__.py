"""Baselines: predictors that need no training run (docs/methods.md#protocol)."""
