"""Gates: what a model is asked for, as records, and the profiles that ask
(docs/methods.md#protocol)."""
