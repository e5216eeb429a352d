"""What the rules try parts on: random batches, contexts, texts, small stores and trainings."""
