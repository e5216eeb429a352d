"""P10: P9's ranker, which also reads the texts of the chunks it ranks."""
