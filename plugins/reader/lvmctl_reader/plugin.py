"""What this distribution declares."""

from __future__ import annotations

from lvmctl import ModelSpec, RecipeSpec, hookimpl
from lvmctl_reader import options


@hookimpl
def lvmctl_recipes() -> list[RecipeSpec]:
    return [
        RecipeSpec(
            name="p10",
            summary="P9, whose ranker also reads the texts.",
            target="lvmctl_reader.recipe:compose",
            options=options.P10Options,
            without_inputs=("read=false",),
        )
    ]


@hookimpl
def lvmctl_models() -> list[ModelSpec]:
    return [
        ModelSpec(
            name="text-ranker",
            summary="P9's mixture, and a score of candidates from their cosines and their words.",
            target="lvmctl_reader.model:Reader",
            options=options.ReaderOptions,
            geometry="cone",
            gives=("weights", "scores"),
            fitted=True,
            any_space=True,
            reads=("text",),
        )
    ]
