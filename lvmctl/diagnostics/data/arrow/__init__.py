"""The arrow of time of a store, apart from recency and movement (METHODS §2.1, §2.8)."""
