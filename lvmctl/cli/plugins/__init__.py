"""``lvmctl plugins``."""
