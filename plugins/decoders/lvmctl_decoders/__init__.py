"""Decoders that write new text for a vector."""
