"""P10's options, and the groups of features it has beside P9's."""

from __future__ import annotations

from dataclasses import dataclass

from lvmctl_ranker.options import GROUPS, IN_DOMAIN, P9Options, RankerOptions

from lvmctl import option

TEXT_GROUPS = ("overlap", "rivals", "around", "shares", "style", "places", "lengths", "numbering")
"""Groups of measures of the texts, by the method of ``TextMeasures``."""


@dataclass(frozen=True, kw_only=True)
class ReaderOptions(RankerOptions):
    """Options of the model."""

    members: int = 3
    without: tuple[str, ...] = option(
        (),
        "features left out: groups of P9's or of the texts', all of whitened chunks, or those "
        "fitted on the training text",
        choices=(*GROUPS, "whitened", *IN_DOMAIN, *TEXT_GROUPS),
    )
    continuation: bool = option(
        False,
        "fine-tune a small encoder on which chunk continues another first, minutes "
        "(pip install 'lvmctl-reader[continuation]')",
    )


@dataclass(frozen=True, kw_only=True)
class P10Options(P9Options):
    """Everything `lvmctl train --plugin p10 --set` can change."""

    ranker: ReaderOptions = ReaderOptions()
    read: bool = option(True, "read the texts; without it, and where there are none, P9's part")
