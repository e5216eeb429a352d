"""``lvmctl data``."""
