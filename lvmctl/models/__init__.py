"""Models: context (B, K, D) → :class:`lvmctl.batch.Prediction`.

Importing this package imports no torch; ``lvmctl.models.encoder`` and the model modules do.
"""
