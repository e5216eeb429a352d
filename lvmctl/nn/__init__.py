"""Models: context (B, K, D) → :class:`lvmctl.core.batch.Prediction`.

Importing this package imports no torch; ``lvmctl.nn.sequence.model`` and the model modules do.
"""
