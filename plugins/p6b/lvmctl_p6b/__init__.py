"""P6b: squared error and a smooth directional loss that is scaled to it
(docs/methods.md#recipes)."""
