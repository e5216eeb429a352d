"""What was typed after ``lvmctl train``, as a request and as the words of a child's command."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from lvmctl.config import parse_assignments

if TYPE_CHECKING:
    from pathlib import Path

    from lvmctl.config import Experiment
    from lvmctl.training.request import TrainRequest

SOURCES = ("data", "train", "val", "ood")
FLAGS = ("context", "horizon", "epochs", "seed", "model")


@dataclass(frozen=True)
class Typed:
    """What one command line asks for.

    Attributes:
        recipe: after ``--plugin``.
        experiments: names and patterns, each after an ``--experiment``.
        flags: ``context``, ``horizon``, ``epochs``, ``seed`` and ``model``, those that were typed.
        assignments: each after a ``--set``.
        losses: each after a ``--loss``.
        sources: ``data``, ``train``, ``val`` and ``ood``, None or () where not typed.
        device: after ``--device``.
    """

    recipe: str | None = None
    experiments: Sequence[str] = ()
    flags: Mapping[str, str] = field(default_factory=dict)
    assignments: Sequence[str] = ()
    losses: Sequence[str] = ()
    sources: Mapping[str, Any] = field(default_factory=lambda: dict.fromkeys(SOURCES))
    device: str = "auto"

    @property
    def layers(self) -> list[tuple[str, dict[str, Any]]]:
        """The typed option values by origin, ``--set`` over the flags."""
        return [("command line", dict(self.flags)), ("--set", parse_assignments(self.assignments))]

    def request(self, experiment: Experiment | None, out: Path | None = None) -> TrainRequest:
        """The training of ``experiment`` with what is typed laid over it, or of the recipe alone.

        Raises:
            UsageError: no recipe, or another than the experiment's.
        """
        from lvmctl.training.request import requested

        return requested(
            self.recipe,
            experiment,
            layers=self.layers,
            losses=self.losses,
            sources=dict(self.sources),
            device=self.device,
            out=out,
        )

    def words(self, experiment: str | None, sources: Mapping[str, Any]) -> list[str]:
        """The words after ``lvmctl train`` that ask for this with one experiment and its sources.

        A value is glued to its option, so that none is taken for an option of its own.
        """
        flags = {"plugin": self.recipe, "experiment": experiment, **self.flags}
        words = [f"--{name}={value}" for name, value in flags.items() if value is not None]
        words += [f"--set={text}" for text in self.assignments]
        words += [f"--loss={text}" for text in self.losses]
        return [*words, f"--device={self.device}", *source_words(sources)]

    def record(self) -> dict[str, Any]:
        """As plain data, for ``grid.json``; ``Typed(**record)`` reads it back. Sources mean the
        same from another directory."""
        from lvmctl.training.provenance import absolutes

        return asdict(self) | {"sources": absolutes(dict(self.sources))}


def source_words(sources: Mapping[str, Any]) -> list[str]:
    """``--data``, ``--train``, ``--val`` and ``--ood`` of a member."""
    words = [f"--train={source}" for source in sources["train"] or ()]
    single = ("data", "val", "ood")
    return words + [f"--{name}={sources[name]}" for name in single if sources[name]]
