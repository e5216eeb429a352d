"""Losses: (prediction, batch, step) → :class:`lvmctl.core.batch.LossOutput`."""
