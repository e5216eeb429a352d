"""Baselines: predictors that need no training run (METHODS §3)."""
