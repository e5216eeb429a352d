"""``lvmctl diagnose``."""
