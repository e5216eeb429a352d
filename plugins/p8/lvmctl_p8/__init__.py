"""P8: q is a mixture of the context, trained by listwise ranking (docs/methods.md#recipes)."""
