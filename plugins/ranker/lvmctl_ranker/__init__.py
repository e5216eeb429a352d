"""P9: a query vector from the window, and a listwise ranker over what it may choose from."""
