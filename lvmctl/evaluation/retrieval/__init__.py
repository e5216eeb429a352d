"""Exact ranks: in the article and among all chunks."""
