"""Uses of the door as a type checker sees them; never run, checked by ``make lint``."""

from __future__ import annotations

from pathlib import Path
from typing import Any, assert_type

import numpy as np
import torch

import lvmctl


def use(numbers: np.ndarray, tensor: torch.Tensor, path: Path) -> None:
    store = lvmctl.open_store("books")
    assert_type(store, lvmctl.Store)
    assert_type(store.split("val").windows(5), lvmctl.Windows)
    assert_type(lvmctl.embed(["a text"], out=path), lvmctl.Store)
    run = lvmctl.train("p8", data=store, epochs=5, seed=0, lr=1e-3)
    assert_type(run, lvmctl.Run)
    assert_type(lvmctl.train(experiment="p8-pilot", train=[store, path], val="a@val"), lvmctl.Run)
    assert_type(run.resume(epochs=6), lvmctl.Run)
    assert_type(run.evaluate(path).to_dict(), dict[str, Any])
    assert_type(run.diagnose(), lvmctl.Diagnosis)
    assert_type(lvmctl.diagnose("geometry", store), lvmctl.Diagnosis)
    model = lvmctl.load(run)
    assert_type(model, lvmctl.Model)
    assert_type(model.predict(numbers), np.ndarray)
    assert_type(model.predict(tensor), torch.Tensor)
    assert_type(model.predict([tensor, tensor]), torch.Tensor)
    assert_type(model.rank(numbers, tensor, top=3), lvmctl.Ranking)
    assert_type(model.rank_texts(["before"], ["candidate"]), lvmctl.Ranking)


@lvmctl.hookimpl
def lvmctl_losses() -> list[lvmctl.LossSpec]:
    return [lvmctl.LossSpec(name="a", summary="A loss.", target="a:A", needs=("target",))]
