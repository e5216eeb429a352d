"""Evaluation: any predictor through one protocol (docs/methods.md#protocol)."""
