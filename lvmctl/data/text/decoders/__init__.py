"""Decoders: vectors → texts. Each has ``decode``; see ``DecoderSpec``."""
