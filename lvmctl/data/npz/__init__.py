"""Window NPZ files, read and written."""
