"""The page: sections of runs as one HTML file that asks for nothing from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

import lvmctl
from lvmctl.report.html import Html, escape, joined, tag
from lvmctl.report.inputs import Inputs
from lvmctl.report.overview import overview
from lvmctl.report.section import Missing, Section

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"
"""What the page may load: nothing but its own style."""

PAGE = """\
<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
{body}
</body>
</html>
"""


def page(parts: Sequence[tuple[Inputs, Sequence[Section | Missing]]]) -> str:
    """The page of some runs and their sections."""
    runs = [run for run, _ in parts]
    title = runs[0].name if len(runs) == 1 else f"{len(runs)} runs"
    body = [
        tag("header", joined([tag("h1", title), tag("p", "Evaluation report of lvmctl")])),
        overview(runs),
        *(run_part(run, sections, alone=len(runs) == 1) for run, sections in parts),
        tag("footer", tag("p", f"Made by lvmctl {lvmctl.__version__} from the files of the run.")),
    ]
    style = resources.files("lvmctl.report").joinpath("page.css").read_text(encoding="utf-8")
    return PAGE.format(
        policy=escape(POLICY), title=escape(title), style=style, body=tag("main", joined(body))
    )


def run_part(run: Inputs, sections: Sequence[Section | Missing], alone: bool) -> Html:
    """One run: what was evaluated, links to its sections, and they."""
    there = [section for section in sections if isinstance(section, Section)]
    missing = [section for section in sections if isinstance(section, Missing)]
    links = [
        tag("li", tag("a", section.title, href=f"#{run.key}-section-{section.slug}"))
        for section in there
    ]
    parts = [] if alone else [tag("h2", run.name)]
    notices = [tag("p", f"Notice: {notice}") for notice in run.found["notices"]]
    if run.found["partial"]:
        said = ", ".join(run.found["partial"])
        notices.append(tag("p", f"Notice: a partial look ({said}), not the run's own evaluation"))
    parts += [tag("p", subject(run)), *notices]
    parts.append(tag("nav", tag("ul", joined(links)), aria_label=f"Sections of {run.name}"))
    parts += [placed(run, section, "h2" if alone else "h3") for section in there]
    if missing:
        reasons = (tag("li", f"{section.title}: {section.why}.") for section in missing)
        parts.append(tag("p", "Left out:"))
        parts.append(tag("ul", joined(reasons)))
    return tag("article", joined(parts))


def placed(run: Inputs, section: Section, heading: str) -> Html:
    """A section under its heading."""
    return tag(
        "section",
        joined([tag(heading, section.title), section.body]),
        id=f"{run.key}-section-{section.slug}",
        class_="wide" if section.wide else "plot",
    )


def subject(run: Inputs) -> str:
    """What was evaluated on what."""
    found = run.found
    text = (
        f"{run.row} (class “{found['geometry']}”) on {found['windows']:,} windows of "
        f"{found['articles']:,} articles of {found['data']['val']['name']}, "
        f"K = {found['context']}, horizon {found['horizon']}."
    )
    if found["left_out"]:
        text += f" Baselines with nothing to learn from: {', '.join(found['left_out'])}."
    return text
