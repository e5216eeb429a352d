"""``lvmctl train``."""
