"""From texts to chunks to vectors."""
