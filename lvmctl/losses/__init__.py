"""Losses: (prediction, batch, step) → :class:`lvmctl.batch.LossOutput`."""
