"""P7: q is blended with the context's centroid and ranked against negatives
(docs/methods.md#recipes)."""
