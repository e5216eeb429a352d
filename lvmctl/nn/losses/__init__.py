"""Losses: (prediction, batch, step) → one value per window, (B,)."""
