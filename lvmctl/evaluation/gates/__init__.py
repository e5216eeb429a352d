"""Gates: what a model is asked for, as records, and the profiles that ask (METHODS §3)."""
