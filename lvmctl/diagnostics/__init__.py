"""Diagnostics: what data can support, and what went wrong in a run."""
