"""lvmctl: train, measure and diagnose latent vector models."""

__version__ = "0.1.0"
