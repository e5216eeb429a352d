"""Norms, spectrum and hubs of a store, and what moving its chunks would change."""
