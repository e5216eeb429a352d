"""Whether splits are made alike, by a rule that holds its level."""
