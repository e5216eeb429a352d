"""P7's options, with the published settings as defaults."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl import PreviousRepelOptions, SequenceOptions, TrainingOptions, option

LEAST_LAMBDA, MOST_LAMBDA = 0.6, 0.9
"""Bounds of λ, whether it is learned or not."""


@dataclass(frozen=True, kw_only=True)
class RankerOptions(SequenceOptions):
    """Options of the model: the network, and how its prediction is blended with the centroid."""

    anchor_lambda: float = option(
        0.8, "λ, share of the raw prediction; where it starts", low=LEAST_LAMBDA, high=MOST_LAMBDA
    )
    learn_lambda: bool = option(True, "learn λ within its bounds")


@dataclass(frozen=True, kw_only=True)
class InfoNceOptions:
    """Options of the contrastive loss."""

    temperature: float = option(0.07, "softmax temperature T", low=1e-3, high=10.0)
    negatives: int = option(2, "same-article negatives per window", low=0, high=64)
    in_batch: bool = option(True, "other targets of the batch are negatives too")


@dataclass(frozen=True, kw_only=True)
class TeacherFloorOptions:
    """Options of the teacher floor."""

    floor: float = option(0.20, "cos_next below this is pulled up", low=-1.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class AnchorFloorOptions:
    """Options of the anchor penalty."""

    floor: float = option(0.5, "ρ below this is pulled up", low=-1.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class DirectionalGateOptions:
    """Options of the directional gate."""

    threshold: float = option(0.03, "difference a window needs for full weight", low=-2.0, high=2.0)
    weight: float = option(0.25, "weight of the other windows", low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class DriftOptions:
    """Options of the drift rule."""

    cos_anchor: float = option(0.05, "stop below this validation cos_anchor", low=-1.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class P7Options(TrainingOptions):
    """Everything `lvmctl train --plugin p7 --set` can change."""

    batch_size: int = 64
    weight_decay: float = 1e-4
    sequence: RankerOptions = RankerOptions()
    infonce: InfoNceOptions = InfoNceOptions()
    previous_repel: PreviousRepelOptions = PreviousRepelOptions()
    teacher_floor: TeacherFloorOptions = option(
        TeacherFloorOptions(), "teacher, while it lasts", prefix="teacher_"
    )
    anchor_floor: AnchorFloorOptions = option(
        AnchorFloorOptions(), "anchor penalty", prefix="anchor_"
    )
    directional_gate: DirectionalGateOptions = option(
        DirectionalGateOptions(), "directional gate, with gate", prefix="gate_"
    )
    drift_stop: DriftOptions = option(
        DriftOptions(), "drift rule, with stop_on_drift", prefix="drift_"
    )
    warmup: int = option(2, "epochs the teacher lasts", low=0, high=1_000_000)
    w_rank: float = option(1.0, "weight of InfoNCE", low=0.0, high=1e6)
    w_margin: float = option(0.5, "weight of the previous-repel hinge", low=0.0, high=1e6)
    w_teacher: float = option(0.2, "weight of the teacher floor", low=0.0, high=1e6)
    w_anchor: float = option(0.0, "weight of the anchor penalty", low=0.0, high=1e6)
    w_cosine: float = option(0.0, "weight of 1 - cos_next", low=0.0, high=1e6)
    gate: bool = option(True, "weigh windows by the directional gate")
    stop_on_drift: bool = option(False, "stop when cos_anchor falls below .05")
