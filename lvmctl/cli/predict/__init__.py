"""``lvmctl predict``: what comes next, ranked, in words, and as files that others read."""
