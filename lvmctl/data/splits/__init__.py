"""Splits by article, and where articles come from."""
