"""What splits share, and what makes retrieval trivial."""
