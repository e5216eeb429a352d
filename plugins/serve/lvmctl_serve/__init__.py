"""Trained runs over HTTP: ``lvmctl serve``."""
