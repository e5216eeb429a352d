"""The arrow of time of a store, apart from recency and movement (docs/methods.md#telescoping,
#arrow)."""
