"""``lvmctl runs``."""
