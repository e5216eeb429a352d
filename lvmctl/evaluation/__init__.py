"""Evaluation: any predictor through one protocol (METHODS §3)."""
