"""The plain P8 of ``plain.py``, same model and same data, stepped by Lightning's Trainer."""

from __future__ import annotations

import logging
import time
import warnings

import torch
from plain import PlainP8, WindowDataset
from pytorch_lightning import Callback, LightningModule, Trainer
from torch.utils.data import DataLoader

from lvmctl import Windows

logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
logging.getLogger("lightning.pytorch").setLevel(logging.ERROR)


class Ends(Callback):
    """When each batch ended."""

    def __init__(self) -> None:
        self.times: list[float] = []

    def on_train_batch_end(self, *_: object) -> None:
        self.times.append(time.perf_counter())


class Module(LightningModule):
    """The plain model as Lightning wants it."""

    def __init__(self, model: PlainP8) -> None:
        super().__init__()
        self.model = model

    def training_step(self, batch: list[torch.Tensor], index: int) -> torch.Tensor:
        return self.model.loss(*batch)

    def configure_optimizers(self) -> torch.optim.Optimizer:
        return self.model.adamw()


class LightningTraining:
    """Steps of the Trainer; each call of :meth:`step_seconds` is a fit of its own.

    Args:
        precision: of the Trainer, such as ``32-true`` or ``bf16-mixed``.
    """

    def __init__(self, windows: Windows, batch_size: int, precision: str) -> None:
        self.data = DataLoader(WindowDataset(windows), batch_size, shuffle=True, drop_last=True)
        self.module = Module(PlainP8(windows.split.dim, windows.context_length))
        self.precision = precision

    def step_seconds(self, steps: int) -> float:
        """Seconds of a step, from the end of the fit's first to the end of its last."""
        ends = Ends()
        quiet = ("logger", "enable_checkpointing", "enable_progress_bar", "enable_model_summary")
        trainer = Trainer(
            accelerator="cpu",
            precision=self.precision,
            max_epochs=1,
            limit_train_batches=steps + 1,
            gradient_clip_val=1.0,
            callbacks=[ends],
            **dict.fromkeys(quiet, False),
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that the loader could have workers
            trainer.fit(self.module, self.data)
        return (ends.times[-1] - ends.times[0]) / steps
