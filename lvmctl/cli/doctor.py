"""``lvmctl doctor``: is this installation whole, and what does this machine offer."""

from __future__ import annotations

import os
import platform
import shlex
import sys
from collections.abc import Callable
from importlib import metadata
from pathlib import Path
from typing import Any, Literal, NamedTuple

import click

from lvmctl.cli.output import emit, json_option
from lvmctl.core.formatting import table

PACKAGES = (
    *("lvmctl", "torch", "numpy", "click", "pluggy"),
    *("filelock", "platformdirs", "regex", "tomli", "tqdm"),
)


class Check(NamedTuple):
    """One line of the report: what was looked at, the verdict, and what was found."""

    name: str
    verdict: Literal["ok", "note", "broken"]
    detail: str


@click.command()
@json_option
@click.pass_context
def doctor(ctx: click.Context, as_json: bool) -> None:
    """Check this installation and this machine; exit code 1 when something is broken."""
    checks = [_run(check) for check in CHECKS]
    broken = [check.name for check in checks if check.verdict == "broken"]
    verdict = f"broken: {', '.join(broken)}" if broken else "nothing is broken"
    emit(
        {"verdict": verdict, "checks": [check._asdict() for check in checks]},
        "doctor",
        as_json,
        lambda: f"{table(('CHECK', 'VERDICT', 'FOUND'), checks)}\n\n{verdict}",
    )
    ctx.exit(1 if broken else 0)


def _run(check: Callable[[], Check]) -> Check:
    name = check.__name__
    try:
        return check()
    except Exception as error:  # a broken installation may fail in any way
        return Check(name, "broken", " ".join(f"{type(error).__name__}: {error}".split()))


def python() -> Check:
    where = f"{platform.python_version()} at {sys.executable}, {platform.platform()}"
    return Check("python", "ok" if sys.version_info >= (3, 11) else "broken", where)


def packages() -> Check:
    versions: dict[str, str | None] = {}
    for name in PACKAGES:
        try:
            versions[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            versions[name] = None
    shown = ", ".join(f"{name} {version or 'missing'}" for name, version in versions.items())
    return Check("packages", "ok" if all(versions.values()) else "broken", shown)


def cpu() -> Check:
    from lvmctl.training.backend import processor, threads

    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    policy = os.environ.get("OMP_WAIT_POLICY", "not set")
    detail = f"{processor()}, {cores} cores, {threads()} threads, OMP_WAIT_POLICY {policy}"
    return Check("cpu", "ok", detail)


def arithmetic() -> Check:
    from lvmctl.training.backend import LARGEST_ERROR, SWITCHES, fp32_error

    errors = {name: fp32_error(switch) for name, switch in SWITCHES.items()}
    shown = ", ".join(f"{name} {error:.0e}" for name, error in errors.items())
    used = "onednn" if errors["onednn"] <= LARGEST_ERROR else "blas"
    verdict = "ok" if errors[used] <= LARGEST_ERROR else "broken"
    return Check("arithmetic", verdict, f"fp32 products by {used}; relative error: {shown}")


def devices() -> Check:
    from lvmctl.training.backend import devices as names

    return Check("devices", "ok", ", ".join(names()))


def plugins() -> Check:
    from lvmctl.registry import load_registry

    known = load_registry().plugins
    parts = [f"{plugin.origin} is broken: {plugin.error}" for plugin in _with(known, "broken")]
    parts += [f"{plugin.origin} is {plugin.error}" for plugin in _with(known, "disabled")]
    working = ", ".join(str(plugin.origin) for plugin in _with(known, "ok"))
    verdict = "broken" if _with(known, "broken") else "ok"
    return Check("plugins", verdict, "; ".join([*parts, working]))


def _with(plugins: Any, status: str) -> list[Any]:
    return [plugin for plugin in plugins if plugin.status == status]


def encoders() -> Check:
    return _with_libraries("encoder")


def decoders() -> Check:
    return _with_libraries("decoder")


def _with_libraries(kind: str) -> Check:
    """Records of a kind whose libraries are here, and what installs those of the others."""
    from lvmctl.registry import load_registry
    from lvmctl.registry.needs import install_line, missing

    records = [entry.record for entry in load_registry().entries(kind)]
    absent = {record.name: install_line(record) for record in records if missing(record.needs)}
    working = ", ".join(record.name for record in records if record.name not in absent)
    others = [f"{name}: {line}" for name, line in absent.items()]
    work = "works" if len(records) - len(absent) == 1 else "work"
    return Check(f"{kind}s", "ok", "; ".join([f"{working} {work} here", *others]))


def experiments() -> Check:
    from lvmctl.config import load_experiments

    known = load_experiments()
    return Check("experiments", "ok", f"{', '.join(known.names()) or 'none'} in {known.path}")


def cache() -> Check:
    from lvmctl.data.store.cache import cache_directory
    from lvmctl.data.text.default import cache_key

    place = cache_directory()
    built = (place / f"default-{cache_key()}" / "store.json").is_file()
    state = "default data is built" if built else "default data will be built when first used"
    return _writable("cache", place, state)


def runs() -> Check:
    from lvmctl.api.runs import BROKEN, list_runs
    from lvmctl.core.inputs import real
    from lvmctl.core.run_directory import ROOT

    place = real(ROOT)
    broken = [run for run in list_runs() if run.state == BROKEN]
    if broken:
        named = "; ".join(f"{run.name}: {run.why}" for run in broken)
        more = " ".join(["lvmctl verify", *(shlex.quote(str(run.path)) for run in broken)])
        return Check("runs", "broken", f"{named}; `{more}` names every file that changed")
    state = "present" if place.exists() else "training will make it"
    return _writable("runs", place, state)


def leftovers() -> Check:
    """Temporary files of killed commands, here, among the runs and in the cache, are removed."""
    from lvmctl.core.run_directory import ROOT, RunDirectory
    from lvmctl.core.runs import directories
    from lvmctl.core.temporary import sweep
    from lvmctl.data.store.cache import cache_directory
    from lvmctl.data.text.unfinished import sweep_embeddings

    runs = [RunDirectory(path) for path in directories(ROOT)]
    places = {Path(), ROOT, cache_directory(), *(run.path.parent for run in runs)}
    places |= {place for run in runs for place in (run.path, run.checkpoints)}
    places |= {cache_directory() / "shared", *Path().glob("*/levels")}
    swept = [path for place in sorted(places) for path in (*sweep(place), *sweep_embeddings(place))]
    if not swept:
        return Check("leftovers", "ok", "killed commands left nothing here, in runs or the cache")
    return Check(
        "leftovers", "note", f"removed, left by killed commands: {', '.join(map(str, swept))}"
    )


def _writable(name: str, place: Path, state: str) -> Check:
    existing = next(path for path in (place, *place.parents) if path.exists())
    if os.access(existing, os.W_OK | os.X_OK):
        return Check(name, "ok", f"{place}: {state}")
    return Check(name, "note", f"{existing} cannot be written")


CHECKS = (
    *(python, packages, cpu, arithmetic, devices),
    *(plugins, encoders, decoders, experiments, cache, runs, leftovers),
)
