"""Encoders that run on a plain machine: texts → vectors."""
