"""What `benchmarks/tried.py` measures: features and queries tried beside P9's own."""
