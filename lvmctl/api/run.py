"""A run: what was trained, how it went, and what can be asked of it.

What is asked of it is imported when it is asked: a training loads no evaluation.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lvmctl.core.errors import DataError
from lvmctl.core.inputs import real
from lvmctl.core.reporter import SILENT, Reporter
from lvmctl.core.run_directory import RunDirectory, best_record
from lvmctl.core.runs import RunLike, find_run
from lvmctl.training.rendering import run_text

if TYPE_CHECKING:
    from lvmctl.api.model import Model
    from lvmctl.api.verify import Verification
    from lvmctl.core.diagnosis import Diagnosis
    from lvmctl.data.splits.open import Splits
    from lvmctl.evaluation.evaluate import Evaluation
    from lvmctl.evaluation.fivecat.run import FiveCat


class Run:
    """A run directory; made by :func:`lvmctl.train`, or opened by its path.

    Wherever a path of a run is taken, a run is taken too.

    Args:
        run: path of a run directory, its name in ``runs/``, or the beginning of either that no
            other run has; None is the run trained last.

    Attributes:
        path: the directory.

    Raises:
        RunError: no run is there.

    Example:
        >>> run = lvmctl.Run(run_path)
        >>> run.recipe, len(run.history)
        ('p8', 1)
        >>> sorted(run.best["val"]["margin"])
        ['last', 'second_last', 'unseen']
    """

    def __init__(self, run: RunLike = None) -> None:
        self._directory = RunDirectory.open(find_run(run))
        self.path: Path = self._directory.path

    def __fspath__(self) -> str:
        return str(self.path)

    def __repr__(self) -> str:
        return f"<lvmctl.Run {self.path}>"

    @property
    def name(self) -> str:
        """The directory's name."""
        return real(self.path).name

    @property
    def config(self) -> dict[str, Any]:
        """``config.json``: recipe, options with their origins, composition, data."""
        return self._directory.read(self._directory.config)

    @property
    def manifest(self) -> dict[str, Any]:
        """``manifest.json``: versions, hardware, back-end, data hashes, outcome."""
        return self._directory.read(self._directory.manifest)

    @property
    def history(self) -> list[dict[str, Any]]:
        """``training_history.json``: a record for each epoch; empty before the first has ended."""
        return self._directory.read_records()

    def splits(self) -> Splits:
        """The data it was trained with, by split.

        Raises:
            DataError: it is gone or has changed since.
        """
        from lvmctl.evaluation.held_out import own_splits

        splits, notices = own_splits(self.config)
        if splits is None:
            what = f"the data of the run cannot be used ({notices[-1]})"
            raise DataError(what, where=self.path, hint="restore it")
        return splits

    @property
    def notices(self) -> list[str]:
        """What you should know about the data it was trained on, one line each."""
        return self.manifest.get("notices", [])

    @property
    def recipe(self) -> str:
        """Name of the recipe."""
        return self.config["recipe"]

    @property
    def best(self) -> dict[str, Any] | None:
        """The record of the epoch whose weights ``best_model.pt`` has, with the metric it was
        chosen ``by`` and its ``value``; None where no epoch was measured."""
        return best_record(self.history, self.config["options"]["best_by"])

    @property
    def stopped(self) -> str | None:
        """Why a rule or a plugin ended the training; None where nothing did."""
        history = self.history
        return history[-1].get("stopped") if history else None

    def to_dict(self) -> dict[str, Any]:
        """What ``lvmctl train --json`` prints of it; ``demonstration`` says what figures on the
        embedded data are worth, None on other data."""
        return {
            "run": str(self.path),
            "recipe": self.recipe,
            "epochs": len(self.history),
            "best": self.best,
            "stopped": self.stopped,
            "direction": self.config["options"].get("direction", "forward"),
            "reads": list(self.config.get("reads", ())),
            "demonstration": self.config["splits"]["train"].get("note"),
        }

    def table(self, full: bool = False) -> str:
        """What was learned, beside ``direct`` on the same windows, for a reader.

        Args:
            full: every metric of the best epoch, not only those that the verdict rests on.
        """
        return run_text(self.to_dict(), full)

    def model(self) -> Model:
        """The model with the weights of its best epoch; see :func:`lvmctl.load`."""
        from lvmctl.api.load import load

        return load(self)

    def evaluate(self, *args: Any, **kwargs: Any) -> Evaluation:
        """Measure the run beside every baseline on held-out windows; see :func:`lvmctl.evaluate`,
        which has the same arguments."""
        from lvmctl.api.evaluation import evaluate

        return evaluate(self, *args, **kwargs)

    def fivecat(self, profile: str = "fair", **kwargs: Any) -> FiveCat:
        """Ask the five tests of the run and judge it by a profile; see
        :func:`lvmctl.api.evaluation.fivecat`, which has the same arguments."""
        from lvmctl.api.evaluation import fivecat

        return fivecat(self, profile, **kwargs)

    def diagnose(
        self, *, reporter: Reporter = SILENT, options: Mapping[str, Any] | None = None, **more: Any
    ) -> Diagnosis:
        """Say what went wrong in the run, the cause first; see :func:`lvmctl.diagnose`."""
        from lvmctl.api.diagnosis import diagnose

        return diagnose("run", self, reporter=reporter, options=options, **more)

    def report(
        self,
        out: str | os.PathLike[str] | None = None,
        *,
        force: bool = False,
        reporter: Reporter = SILENT,
    ) -> Path:
        """Write one page with plots about the run, which is evaluated first if it has to be.

        Args:
            out: the page; None is ``report.html`` in the run.
            force: replace a file of another origin.

        Returns:
            Where the page is.

        Raises:
            RunError: one of its files cannot be used.
            OutputError: the page exists or cannot be written.
        """
        from lvmctl.report.job import make_report  # needs matplotlib

        return make_report([self], None if out is None else Path(out), force, reporter).out

    def verify(self) -> Verification:
        """Compare every byte of the run and its checkpoints with the hashes recorded when they were
        written, as ``lvmctl verify`` does. ``verdict`` of the answer is ``OK``, ``CHANGED`` or
        ``UNRECORDED``; ``faults`` are the files that changed."""
        from lvmctl.api.verify import verify

        return verify(self)

    def export(
        self,
        out: str | os.PathLike[str],
        *,
        license: str = "unknown",
        onnx: bool = True,
        force: bool = False,
    ) -> Path:
        """Write a folder for others, which :func:`lvmctl.load` and :func:`lvmctl.import_run` read.

        It holds the weights as safetensors, the configuration, the history, a transform if there
        is one, a model card, and ``model.onnx`` where the libraries are there and the model has no
        score of its own. No folder of this machine is named in it.

        Args:
            out: the folder.
            license: identifier of the licence you give it, for the card.
            onnx: False leaves ``model.onnx`` out.
            force: replace a folder that was exported before.

        Returns:
            Where the folder is.

        Raises:
            RunError: it has no best model, or parts that are classes of files.
            OutputError: ``out`` exists or cannot be written.
        """
        from lvmctl.api.run_export import export_run

        return export_run(self, out, license=license, onnx=onnx, force=force).path

    def resume(self, epochs: int | None = None, *, reporter: Reporter = SILENT) -> Run:
        """Continue the training from its newest checkpoint; see :func:`lvmctl.resume`."""
        from lvmctl.api.training import resume

        return resume(self, epochs, reporter=reporter)
