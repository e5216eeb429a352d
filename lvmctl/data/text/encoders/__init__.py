"""Encoders: texts → vectors. Each has ``fit``, ``encode`` and ``recipe``; see ``EncoderSpec``."""
