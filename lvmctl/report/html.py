"""The page's templates, and what they call."""

from __future__ import annotations

from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, UndefinedError

from lvmctl.core.formatting import interval, number

SIGNS = {"PASS": "✓", "MARGINAL": "≈", "FAIL": "✗"}
"""What counts; other words say nothing about the model."""


class Html(str):
    """Text that is HTML already."""

    def __html__(self) -> str:
        return self


def render(template: str, **values: Any) -> Html:
    """Fill in a template; text is escaped unless it is HTML already.

    Raises:
        LookupError: the template reads what is not there.
    """
    try:
        return Html(environment().get_template(template).render(values))
    except UndefinedError as error:
        raise LookupError(str(error)) from error


@cache
def environment() -> Environment:
    """Jinja2 with the templates of this package."""
    made = Environment(
        loader=PackageLoader("lvmctl.report"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=printable,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"asks": asks, "interval": interval, "number": number, "sign": sign}
    return made


def printable(value: Any) -> Any:
    """Text with spaces for every kind of space, and without what no page can hold.

    Control characters and lone surrogates are replaced; HTML and what is no text is left alone.
    """
    if hasattr(value, "__html__") or not isinstance(value, str):
        return value
    shown = (" " if char.isspace() else char for char in value)
    return "".join(char if char.isprintable() else "\N{REPLACEMENT CHARACTER}" for char in shown)


def sign(status: str) -> str:
    """The sign of a verdict."""
    return SIGNS.get(status, "–")


def asks(gate: dict[str, Any]) -> str:
    """The metric of a gate and its bound: ``in_article.filtered.r@5 ≥ direct + .100``."""
    bound, compared = gate["bound"], {">=": "≥", "<=": "≤"}[gate["op"]]
    wanted = number(bound)
    if gate["against"] and not bound:
        # To have just what a baseline has is no gain.
        compared, wanted = {"≥": ">", "≤": "<"}[compared], gate["against"]
    elif gate["against"]:
        wanted = f"{gate['against']} {'-' if bound < 0 else '+'} {number(abs(bound))}"
    split = " on OOD text" if gate["split"] == "ood" else ""
    return f"{gate['metric']} {compared} {wanted}{split}"
