"""The records a plugin declares. Frozen, torch-free, and lazy: ``target`` names an attribute.

A target is ``"package.module:Attribute"`` and is imported only when something is built from it.
``options`` is a frozen dataclass whose fields are made with :func:`lvmctl.config.option`; it lives
in a torch-free module, so that listing and describing a plugin stays fast.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal

from lvmctl.registry.record import Buildable, Record

API_VERSION = 2
"""Version of the plugin interface (docs/plugins/versions.md)."""

UNDECLARED_API = 2
"""What a plugin was written for that does not say ``LVMCTL_API = N``. Version 1 had to be said, so
this is the first that need not be, and stays 2 for good."""

Geometry = Literal["unit", "span", "cone", "anchored"]


@dataclass(frozen=True)
class Shape:
    """What a model, a loss or a baseline is built for.

    Attributes:
        dim: D, the width of a chunk vector.
        context_length: K, the number of chunks a prediction is made from.
        horizon: h, the target is the h-th unseen chunk (1 = next).
    """

    dim: int
    context_length: int
    horizon: int = 1


@dataclass(frozen=True)
class Part:
    """A named model, loss or gate with the options and the weight a recipe gives it.

    Attributes:
        name: bare or qualified record name, e.g. ``"p8/listwise"``.
        options: an instance of the record's options dataclass, such as a group of the recipe's
            options, or some values for it by name.
        weight: factor of a loss in the total, a number or a schedule such as ``"0.2,3=0"``
            (:class:`lvmctl.core.schedule.Schedule`); ignored for other parts.
    """

    name: str
    options: Any = field(default_factory=dict)
    weight: float | str = 1.0


@dataclass(frozen=True)
class Composition:
    """What a recipe's options amount to: one model, its losses, its gates.

    Attributes:
        model: the model part.
        losses: the loss parts; the training loss is the weighted sum of their totals.
        gates: kill rules, sample weights and curricula, in any order.
        run_name: short ``key`` → value pairs for the run directory's name.
    """

    model: Part
    losses: tuple[Part, ...]
    gates: tuple[Part, ...] = ()
    run_name: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class BatchFieldSpec(Record):
    """A batch field, which losses and sample weights read as ``batch.<name>``.

    Attributes:
        shape: as ``"(B, P, 2)"``. B, K and D are windows, chunks of a context and their width; any
            other letter is the count that the losses ask for, as an attribute called like the
            field.
        target: called for each batch with those of ``windows``, ``index``, ``count`` and ``rng``
            that it has parameters for, gives an array of this shape (docs/plugins/batch_fields.md).
    """

    shape: str
    target: str

    kind: ClassVar[str] = "field"


@dataclass(frozen=True, kw_only=True)
class ModelSpec(Buildable):
    """A model: ``target(options, shape)`` is a ``torch.nn.Module``, context (B, K, D) → Prediction.

    ``geometry`` is the promise the conformance kit proves: ``unit`` (q on the unit sphere),
    ``span`` (q in the linear span of the context), ``cone`` (q a non-negative mixture of the
    context), ``anchored`` (q blended with the context's centroid). ``gives`` names the optional
    prediction fields it fills (``raw``, ``weights``, any name of its ``extras``), and ``scores`` if
    losses may train its ``score(context, pool)``. ``fitted``: it has ``fit(windows)``, which is
    given the training windows once, before the first step; what it learns lives in its buffers. If
    it takes minutes, ``fit`` may also take ``progress``, see :meth:`lvmctl.Reporter.progress`, and
    ``partial``, whose ``save(state)`` keeps tensors and plain values until ``load()`` gives them
    back to a run that goes on; ``info`` takes a line for the user.
    ``any_space``: it reads nothing but cosines, so a run of it serves chunks of any encoder and
    width. Where it was fitted to the training's, it has ``forget_space()``, called before it serves
    chunks of another. ``reads``: what its ``score`` reads of chunks beside their vectors, ``text``
    or the name of a finer level such as ``sentence``, from ``pool.window`` and ``pool.chunks``.
    ``q_reads``: its q reads that, too: it is called with the contexts' chunks (B, K) as well.
    """

    geometry: Geometry = "unit"
    gives: tuple[str, ...] = ()
    fitted: bool = False
    any_space: bool = False
    reads: tuple[str, ...] = ()
    q_reads: bool = False

    kind: ClassVar[str] = "model"


@dataclass(frozen=True, kw_only=True)
class LossSpec(Buildable):
    """A loss: ``target(options, shape)`` is a module, (prediction, batch, step) → LossOutput.

    ``needs`` names the batch fields it reads, core's (see ``FIELDS``) or a plugin's
    (:class:`BatchFieldSpec`); it sees no other.
    ``needs_prediction`` names the optional prediction fields it reads (``raw``, ``weights``, …);
    one that reads ``scores`` needs ``negative_mask``, which says what is scored.
    ``regulariser`` says that its lowest value is not at the target: it keeps a prediction from
    something, and is not an objective by itself.
    """

    needs: tuple[str, ...] = ("target",)
    needs_prediction: tuple[str, ...] = ()
    regulariser: bool = False

    kind: ClassVar[str] = "loss"


@dataclass(frozen=True, kw_only=True)
class RecipeSpec(Buildable):
    """A recipe, what ``--plugin`` names: ``target(options)`` is a :class:`Composition`.

    ``options`` extends :class:`lvmctl.config.TrainingOptions`; ``target`` is torch-free.
    ``without_inputs`` are ``KEY=VALUE`` as ``--set`` takes them, for data that does not have what
    the recipe reads beside vectors, so that it does without.
    """

    without_inputs: tuple[str, ...] = ()

    kind: ClassVar[str] = "recipe"


@dataclass(frozen=True, kw_only=True)
class KillRule(Buildable):
    """A gate that stops a training: ``target(options)`` is a callable, (epoch record) → the reason
    to stop or None, asked after every epoch."""

    kind: ClassVar[str] = "gate"
    role: ClassVar[str] = "kill"


@dataclass(frozen=True, kw_only=True)
class SampleWeight(Buildable):
    """A gate that weighs windows: ``target(options)`` is a callable, (batch) → a weight ≥ 0 for
    each window of the batch, (B,). The weights of several are multiplied.

    ``needs`` names the batch fields it reads; it sees no other. ``hint`` is what to do where it
    gives every window the same weight, for ``diagnose run``.
    """

    needs: tuple[str, ...] = ()
    hint: str = ""

    kind: ClassVar[str] = "gate"
    role: ClassVar[str] = "sample"


@dataclass(frozen=True, kw_only=True)
class Curriculum(Buildable):
    """A gate that chooses windows: ``target(options)`` is a callable, (windows, epoch) → which
    training windows this epoch visits, (W,) bool. ``windows`` is a :class:`lvmctl.Windows`; of
    several gates all have to choose a window."""

    kind: ClassVar[str] = "gate"
    role: ClassVar[str] = "select"


@dataclass(frozen=True, kw_only=True)
class DiagnosticSpec(Buildable):
    """A diagnostic: ``target(options)`` is a callable, (subject, reporter) → Diagnosis.

    See :class:`lvmctl.core.diagnosis.Diagnosis`.

    Attributes:
        takes: what the subject is: a ``store`` (a :class:`lvmctl.data.Split` with all its
            articles), ``splits`` (:class:`lvmctl.data.Splits`), or a ``run`` (the path of its
            directory or of a bare ``training_history.json``).
    """

    takes: Literal["store", "splits", "run"] = "store"

    kind: ClassVar[str] = "diagnostic"


@dataclass(frozen=True, kw_only=True)
class EncoderSpec(Buildable):
    """An encoder: ``target(options)`` has ``fit(texts)``, ``encode(texts) -> (N, D) float32`` and
    ``recipe() -> dict``.

    Attributes:
        fitted: ``fit`` learns from the corpus.
        known_as: what stores of other tools call it. It serves such a store where it gives the
            store's own texts the vectors they have there.
        needs: modules of libraries that the target imports, which may be absent.
        install: what ``pip install`` brings them.
    """

    fitted: bool = False
    known_as: tuple[str, ...] = ()
    needs: tuple[str, ...] = ()
    install: str = ""

    kind: ClassVar[str] = "encoder"


@dataclass(frozen=True, kw_only=True)
class DecoderSpec(Buildable):
    """A decoder: ``target(options, store, transform)`` has ``decode(vectors)``, which gives a text
    for each of N vectors (N, D) of the store's space, or a :class:`lvmctl.core.batch.Decoded`.

    One that has no parameter ``transform`` cannot decode transformed vectors.

    Attributes:
        needs: modules of libraries that the target imports, which may be absent.
        install: what ``pip install`` brings them.
    """

    needs: tuple[str, ...] = ()
    install: str = ""

    kind: ClassVar[str] = "decoder"


@dataclass(frozen=True, kw_only=True)
class BaselineSpec(Buildable):
    """A baseline: ``target(options, shape)`` predicts q (B, D) of unit norm from a context
    (B, K, D). It may offer ``score(context, pool)``, see :class:`lvmctl.core.batch.Pool`.

    Attributes:
        fitted: it needs ``fit(windows)`` on training windows first.
        centred: also evaluated train-centred, as ``NAME-centred``. It then has
            ``estimate(context)`` (B, D), of any norm, which is given chunks minus the mean of the
            training chunks.
        oracle: no baseline but a ceiling: it is called with (context, target).
    """

    fitted: bool = False
    centred: bool = False
    oracle: bool = False

    kind: ClassVar[str] = "baseline"
