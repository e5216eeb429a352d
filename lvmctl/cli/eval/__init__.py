"""``lvmctl eval``."""
