"""P8's options, with the published settings as defaults."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl import PreviousRepelOptions, SequenceOptions, TrainingOptions, option

PAIRS_PER_WINDOW = 2


@dataclass(frozen=True, kw_only=True)
class ListwiseOptions:
    """Options of the listwise ranking loss."""

    temperature: float = option(0.07, "softmax temperature T", low=1e-3, high=10.0)
    negatives: int = option(2, "same-article negatives per window", low=0, high=6)
    in_batch: int = option(0, "targets of other windows per list", low=0, high=6)


@dataclass(frozen=True, kw_only=True)
class OrderOptions:
    """Options of the order verifier."""

    pairs: int = option(PAIRS_PER_WINDOW, "chunk pairs per window", low=1, high=1_000)
    hidden: int = option(256, "hidden width of the verifier", low=1, high=65_536)


@dataclass(frozen=True, kw_only=True)
class KillOptions:
    """Options of the reports' kill rule."""

    epoch: int = option(2, "epoch after which the rule is asked", low=1, high=1_000_000)
    margin: float = option(0.0, "stop below this validation margin[last]", low=-2.0, high=2.0)
    r_at_5: float = option(0.75, "stop below this in-article filtered R@5", low=0.0, high=1.0)


@dataclass(frozen=True, kw_only=True)
class P8Options(TrainingOptions):
    """Everything `lvmctl train --plugin p8 --set` can change."""

    sequence: SequenceOptions = SequenceOptions()
    listwise: ListwiseOptions = ListwiseOptions()
    previous_repel: PreviousRepelOptions = PreviousRepelOptions()
    order: OrderOptions = option(OrderOptions(), "order verifier", prefix="order_")
    kill: KillOptions = option(KillOptions(), "kill rule, with kill_rule", prefix="kill_")
    w_rank: float = option(1.0, "weight of the listwise loss", low=0.0, high=1e6)
    w_margin: float = option(0.5, "weight of the previous-repel hinge", low=0.0, high=1e6)
    w_order: float = option(0.2, "weight of the order verifier", low=0.0, high=1e6)
    kill_rule: bool = option(False, "stop after epoch 2 as the reports did")
