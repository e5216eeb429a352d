"""The options of P1 to P6, with the published settings as defaults."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl import SequenceOptions, TrainingOptions, option


@dataclass(frozen=True, kw_only=True)
class ResidualOptions(SequenceOptions):
    """Options of the residual head."""

    kappa: float = option(0.5, "κ, step from the newest chunk; where it starts", low=-10, high=10)


@dataclass(frozen=True, kw_only=True)
class WindowDropoutOptions(SequenceOptions):
    """Options of the head whose windows lose chunks in training."""

    window_dropout: str = option(
        "0,6=.05", "probability that a chunk of the window is zeroed", high=1.0, schedule=True
    )


@dataclass(frozen=True, kw_only=True)
class RampOptions(SequenceOptions):
    """Options of the head that is told positions."""

    ramp: str = option(".03", "scale of the position feature", schedule=True)


@dataclass(frozen=True, kw_only=True)
class GuardOptions:
    """Options of the guard."""

    margin: float = option(0.01, "margin asked between target and second_last", low=0.0, high=2.0)


@dataclass(frozen=True, kw_only=True)
class RolloutOptions:
    """Options of the rollout loss."""

    steps: int = option(3, "H, predictions in a row; the first is q", low=1, high=1_000)


@dataclass(frozen=True, kw_only=True)
class ForwardPreferenceOptions:
    """Options of the soft preference of the target over last."""

    steepness: float = option(5.0, "factor within the softplus", low=1e-3, high=1e6)
    margin: float = option(0.02, "margin asked between target and last", low=-2.0, high=2.0)


@dataclass(frozen=True, kw_only=True)
class DistinctOptions:
    """Options of the curriculum."""

    shares: tuple[float, ...] = option(
        (0.3, 0.7, 1.0), "share of the windows each stage visits", low=1e-6, high=1.0
    )
    stages: tuple[int, ...] = option((4, 10, 20), "epochs of each stage", low=1, high=1_000_000)

    def __post_init__(self) -> None:
        if len(self.shares) != len(self.stages):
            raise ValueError(f"{len(self.shares)} shares do not fit {len(self.stages)} stages")


@dataclass(frozen=True, kw_only=True)
class ClassicOptions(TrainingOptions):
    """What P1 to P4 share."""

    epochs: int = 20
    batch_size: int = 64


@dataclass(frozen=True, kw_only=True)
class P1Options(ClassicOptions):
    """Everything `lvmctl train --plugin p1 --set` can change."""

    sequence: SequenceOptions = SequenceOptions()


@dataclass(frozen=True, kw_only=True)
class GuardedOptions(ClassicOptions):
    """What P2 and P3 share."""

    guard: GuardOptions = GuardOptions()
    w_guard: str = option("0,6=.002", "weight of the guard", schedule=True)


@dataclass(frozen=True, kw_only=True)
class P2Options(GuardedOptions):
    """Everything `lvmctl train --plugin p2 --set` can change."""

    sequence: ResidualOptions = ResidualOptions()


@dataclass(frozen=True, kw_only=True)
class P3Options(GuardedOptions):
    """Everything `lvmctl train --plugin p3 --set` can change."""

    sequence: WindowDropoutOptions = WindowDropoutOptions()


@dataclass(frozen=True, kw_only=True)
class P4Options(ClassicOptions):
    """Everything `lvmctl train --plugin p4 --set` can change."""

    horizon: int = option(1, "h: a rollout feeds back the next chunk, no later one", low=1, high=1)
    sequence: SequenceOptions = SequenceOptions()
    rollout: RolloutOptions = RolloutOptions()
    w_rollout: str = option("0,4=.05,7=.1", "weight of the rollout", schedule=True)


@dataclass(frozen=True, kw_only=True)
class P5Options(TrainingOptions):
    """Everything `lvmctl train --plugin p5 --set` can change."""

    context: int = option(
        5, "K, chunks in a window; the curriculum compares last with older ones", low=2, high=10**6
    )
    epochs: int = option(34, "passes over the selected windows", low=1, high=1_000_000)
    sequence: RampOptions = RampOptions()
    distinct: DistinctOptions = DistinctOptions()


@dataclass(frozen=True, kw_only=True)
class P51Options(P5Options):
    """Everything `lvmctl train --plugin p5.1 --set` can change."""

    sequence: RampOptions = RampOptions(ramp="0,3~.1")
    forward_preference: ForwardPreferenceOptions = ForwardPreferenceOptions()
    w_forward: str = option("0,6~.001", "weight of the forward preference", schedule=True)


@dataclass(frozen=True, kw_only=True)
class P6Options(TrainingOptions):
    """Everything `lvmctl train --plugin p6 --set` can change."""

    horizon: int = option(
        2, "h: P6 predicts the chunk after next, so that copying last does not pay", low=2, high=2
    )
    sequence: SequenceOptions = SequenceOptions()
