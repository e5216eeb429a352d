"""P1 to P6: squared error, with guards, rollouts and curricula (docs/methods.md#recipes)."""
