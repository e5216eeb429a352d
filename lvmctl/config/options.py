"""Options are fields of a frozen dataclass: a type, a default, help and bounds, free of torch.

A field whose type is such a dataclass itself holds a group of options: those of a recipe's part.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from operator import attrgetter
from typing import Any, get_type_hints

from lvmctl.config.types import OptionType
from lvmctl.core.errors import UsageError
from lvmctl.core.schedule import Schedule


def option(
    default: Any,
    help: str,
    *,
    low: float | None = None,
    high: float | None = None,
    choices: tuple[Any, ...] | None = None,
    schedule: bool = False,
    prefix: str = "",
) -> Any:
    """A dataclass field that is an option, or a group of them.

    A subclass changes a default by a plain value: ``epochs: int = 20`` keeps all that the base
    says of ``epochs``. A group with no prefix is a plain default too:
    ``order: OrderOptions = OrderOptions(pairs=3)``.

    Args:
        default: value when nothing sets it; its annotation gives the type
            (``int``, ``float``, ``bool``, ``str``, ``X | None`` or ``tuple[X, ...]``), and for a
            group it is an instance of a frozen dataclass of options.
        help: one line for ``plugins describe``.
        low, high: inclusive bounds of a number, or of every item of a tuple. ``high=math.inf``
            says that infinity is a meaningful value; it is refused otherwise. Equal bounds fix it.
        choices: the values allowed, if they are few.
        schedule: a ``str`` whose text ``Schedule`` reads, such as a weight;
            ``high`` bounds its largest value.
        prefix: of a group: what the short names of its options begin with, for a group that would
            share them with another (``"order_"`` makes ``order.pairs`` answer to ``order_pairs``).
    """
    metadata = {"help": help, "low": low, "high": high, "choices": choices, "schedule": schedule}
    return dataclasses.field(default=default, metadata=metadata | {"prefix": prefix})


@dataclass(frozen=True)
class OptionInfo:
    """One option as described by its field; see :func:`option`.

    Attributes:
        path: the names of the fields that lead to it, joined by dots; it means this option alone.
        short: the name that means it where no other option has the same.
        about: what its innermost group is.
    """

    path: str
    short: str
    type: OptionType
    default: Any
    help: str = ""
    low: float | None = None
    high: float | None = None
    choices: tuple[Any, ...] | None = None
    schedule: bool = False
    about: str = ""

    @property
    def name(self) -> str:
        """The name of its field."""
        return self.path.rpartition(".")[2]

    @property
    def groups(self) -> tuple[str, ...]:
        """The paths of the groups it is in, the outermost first."""
        names = self.path.split(".")
        return tuple(".".join(names[:depth]) for depth in range(1, len(names)))

    @property
    def bounds(self) -> str:
        """What values are allowed beyond the type, for a reader; empty when all are."""
        if self.schedule:
            return "schedule" if self.high is None else f"schedule <= {_number(self.high)}"
        if self.choices:
            return " | ".join(str(choice) for choice in self.choices)
        if self.low is not None and self.low == self.high:
            return f"fixed at {_number(self.low)}"
        if self.low is not None and self.high is not None:
            return f"{_number(self.low)} to {_number(self.high)}"
        if self.low is not None:
            return f">= {_number(self.low)}"
        return f"<= {_number(self.high)}" if self.high is not None else ""

    def accept(self, value: Any) -> Any:
        """``value`` as this option's type, a string parsed; a ValueError says in one clause why it
        is none, or not allowed."""
        value = self.type.convert(value, infinite=self.high == float("inf"))
        for item in value if isinstance(value, tuple) else (value,):
            self._check(item)
        return value

    def _check(self, item: Any) -> None:
        if item is None:
            return
        if self.schedule:
            try:
                item = Schedule.parse(item).most
            except UsageError as error:
                raise ValueError(str(error)) from None
        if self.choices and item not in self.choices:
            raise ValueError(f"{item!r} is not one of {', '.join(map(str, self.choices))}")
        if self.low is not None and self.low == self.high != item:
            raise ValueError(f"{item!r} is not allowed, it is fixed at {_number(self.low)}")
        if self.low is not None and item < self.low:
            raise ValueError(f"{item!r} is below {_number(self.low)}")
        if self.high is not None and item > self.high:
            raise ValueError(f"{item!r} is above {_number(self.high)}")


def _number(bound: float) -> str:
    """A bound for a reader: a whole one in full, since 1e+06 is no value an int option takes."""
    return str(bound) if isinstance(bound, int) else f"{bound:g}"


def describe(cls: type) -> list[OptionInfo]:
    """The options of a dataclass in the order they are written (a base's come first), those of a
    group where the group is.

    Raises:
        TypeError: a field's annotation is none of the types an option may have, or a group has no
            default.
    """
    return list(_described_once(cls))


@lru_cache(maxsize=1024)  # a plan asks for its classes again and again
def _described_once(cls: type) -> tuple[OptionInfo, ...]:
    return tuple(_described(cls))


def _described(
    cls: type, group: str = "", prefix: str = "", about: str = "", defaults: Any = None
) -> Iterator[OptionInfo]:
    hints = get_type_hints(cls)
    for field in dataclasses.fields(cls):
        if not field.init:
            continue
        kind, metadata, path = hints[field.name], _metadata(cls, field.name), f"{group}{field.name}"
        default = field.default
        if defaults is not None:
            default = getattr(defaults, field.name)
        elif field.default_factory is not dataclasses.MISSING:
            default = field.default_factory()
        if isinstance(kind, type) and dataclasses.is_dataclass(kind):
            if type(default) is not kind:
                raise TypeError(f"{cls.__name__}.{field.name}: default is not a {kind.__name__}")
            inner = metadata.get("help") or (kind.__doc__ or "").partition("\n")[0]
            short = metadata.get("prefix", "")
            yield from _described(kind, f"{path}.", prefix + short, inner, default)
            continue
        yield OptionInfo(
            path=path,
            short=prefix + field.name,
            type=OptionType.of(kind, f"{cls.__name__}.{field.name}"),
            default=default,
            help=metadata.get("help", ""),
            about=about,
            low=metadata.get("low"),
            high=metadata.get("high"),
            choices=metadata.get("choices"),
            schedule=metadata.get("schedule", False),
        )


def _metadata(cls: type, name: str) -> Mapping[str, Any]:
    """The arguments of :func:`option` for a field, here or in the nearest base that used it."""
    for base in cls.__mro__:
        field = vars(base).get("__dataclass_fields__", {}).get(name)
        if field is not None and field.metadata:
            return field.metadata
    return {}


def values_of(options: Any) -> dict[str, Any]:
    """The values of an instance by their paths."""
    return {info.path: attrgetter(info.path)(options) for info in describe(type(options))}


def with_values(options: Any, values: Mapping[str, Any]) -> Any:
    """A copy of ``options``, and of every group in it, with other values at some paths."""
    changes = {path: value for path, value in values.items() if "." not in path}
    for field in dataclasses.fields(options):
        group, dot = getattr(options, field.name), f"{field.name}."
        if field.init and dataclasses.is_dataclass(group):
            inside = {p.removeprefix(dot): v for p, v in values.items() if p.startswith(dot)}
            try:
                changes[field.name] = with_values(group, inside)
            except ValueError as error:
                raise ValueError(f"{field.name}: {error}") from None
    return dataclasses.replace(options, **changes)


TRANSFORMS = ("centred", "minus-1", "minus-2", "minus-3", "whitened")
"""What chunks may be put through first; see :func:`lvmctl.data.transforms.transforms`."""

MANY = 10**12
"""More windows or steps than any run has: a bound for counts that no array depends on."""


@dataclass(frozen=True, kw_only=True)
class TrainingOptions:
    """What every recipe has; a recipe extends it and may give other defaults."""

    context: int = option(5, "K, chunks in a window", low=1, high=1_000_000)
    horizon: int = option(1, "h, the target is the h-th unseen chunk", low=1, high=1_000_000)
    seed: int = option(
        0, "seed of weights, batch order, dropout and sampling", low=0, high=2**63 - 1
    )
    epochs: int = option(10, "passes over the training windows", low=1, high=1_000_000)
    batch_size: int = option(32, "windows per step", low=1, high=1_000_000)
    lr: float = option(5e-4, "AdamW learning rate", low=0.0, high=1e3)
    lr_end: float = option(
        1.0, "share of lr that is left at the end, to which it falls linearly", low=0.0, high=1.0
    )
    weight_decay: float = option(0.01, "AdamW weight decay", low=0.0, high=1e3)
    clip: float = option(1.0, "largest gradient norm; 0 turns clipping off", low=0.0, high=1e6)
    windows: int = option(
        0, "train on whole articles up to this many windows; 0 is all", low=0, high=MANY
    )
    model: str = option("", "another model than the recipe's; it takes the options it shares")
    direction: str = option(
        "forward",
        "how articles are read; backward predicts the chunk before",
        choices=("forward", "backward"),
    )
    transform: str = option(
        "none",
        "what chunks go through first, fitted on the training articles",
        choices=("none", *TRANSFORMS),
    )
    precision: str = option("fp32", "arithmetic of the forward pass", choices=("fp32", "bf16"))
    matmul: str = option(
        "auto",
        "what multiplies float32 matrices on a CPU; auto is oneDNN where it does not round",
        choices=("auto", "blas", "onednn"),
    )
    graph: bool = option(
        False, "replay each step as one CUDA graph; the host looks at what happened every 64 steps"
    )
    best_by: str = option(
        "mrr@10",
        "validation metric that picks best_model.pt",
        choices=("mrr@10", "r@5", "cos_next", "loss"),
    )
    eval_every: int = option(1, "epochs between evaluations", low=1, high=1_000_000)
    eval_windows: int = option(
        2000, "validation windows per evaluation, whole articles", low=1, high=MANY
    )
    min_article: int = option(
        20, "shortest article, in chunks, of in-article retrieval", low=2, high=1_000_000
    )
    checkpoint_every: int = option(
        0, "steps between checkpoints; 0 is once per epoch", low=0, high=MANY
    )
    keep_checkpoints: int = option(2, "checkpoints kept", low=1, high=1_000_000)
    track: str = option(
        "", "plugins that follow the training, by commas: tensorboard, wandb (lvmctl-trackers)"
    )
    max_skips: int = option(
        20, "non-finite steps tolerated before training stops", low=0, high=MANY
    )

    @property
    def tracked(self) -> tuple[str, ...]:
        """Names of the plugins that follow the training."""
        return tuple(name.strip() for name in self.track.split(",") if name.strip())
