"""What small trainings share."""

from __future__ import annotations

DATA = "synth:topic?articles=24&chunks=16&dim=16"
TINY = {"layers": 1, "width": 16, "heads": 2, "feedforward": 16, "min_article": 6, "batch_size": 32}
