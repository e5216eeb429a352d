"""Distributions that are wrong, one way each, and one that is not."""

from __future__ import annotations

from registry.distributions import Distribution

from lvmctl.registry.declare import RECORDS

NAMES = sorted({record.__name__ for records in RECORDS.values() for record in records} | {"Part"})
HEADER = f"from lvmctl import {', '.join(NAMES)}, hookimpl\n\n\n"


def plugin(name: str, text: str, version: str = "1.0", **files: str) -> Distribution:
    """A distribution ``lvmctl-<name>`` whose declaration is ``text``; other modules by name."""
    package = f"{name}_pkg"
    modules = {f"{package}/{module}.py": content for module, content in files.items()}
    modules |= {f"{package}/__init__.py": "", f"{package}/plugin.py": text}
    return Distribution(f"lvmctl-{name}", modules, {name: f"{package}.plugin"}, version)


def with_loss(name: str, forward: str, version: str = "1.0") -> Distribution:
    """A distribution with one loss of its own name, which counts training steps in ``self.steps``.

    ``forward`` are lines that see ``prediction``, ``cosine`` (B,) and ``value`` (B,), the loss.
    """
    declaration = (
        f"{HEADER}@hookimpl\ndef lvmctl_losses():\n"
        f"    return [LossSpec(name={name!r}, summary='A loss.', target='{name}_pkg.loss:Loss')]\n"
    )
    body = "".join(f"        {line}\n" for line in forward.splitlines())
    loss = (
        "import torch\nfrom lvmctl import LossOutput\n\n"
        "class Loss(torch.nn.Module):\n"
        "    def __init__(self, options, shape):\n"
        "        super().__init__()\n"
        "        self.steps = 0\n"
        "        self.register_buffer('mean', torch.zeros(()))\n\n"
        "    def forward(self, prediction, batch, step):\n"
        "        self.steps += self.training\n"
        "        cosine = (prediction.q * batch.target).sum(-1)\n"
        "        value = 1 - (1 + self.mean) * cosine\n"
        "        self.mean = 0.9 * self.mean + 0.1 * cosine.detach().mean()\n"
        f"{body}"
        "        return LossOutput({'distance': value})\n"
    )
    return plugin(name, declaration, version, loss=loss)


def takes(names: dict[str, list[str]]) -> str:
    """A declaration that takes record names, by the class of the record."""
    records: dict[str, list[str]] = {}
    for hook, types in RECORDS.items():
        for record in types:
            fields = FIELDS.get(record.__name__, "target='nowhere_pkg.parts:Part'")
            records.setdefault(hook, []).append(
                f"*({record.__name__}(name=name, summary='Taken.', {fields})"
                f" for name in {names.get(record.__name__, [])!r})"
            )
    return HEADER + "".join(
        f"@hookimpl\ndef {hook}():\n    return [{', '.join(parts)}]\n\n"
        for hook, parts in records.items()
    )


FIELDS = {
    "VerdictGate": "metric='cos_next', at_least=0.0",
    "ProfileSpec": "gates=('fair-r5',)",
    "MetricSpec": "chance=0.5",
    "BatchFieldSpec": "shape='(B,)', target='nowhere_pkg.parts:field'",
}
"""What records have besides a name and a summary, where it is not a target alone."""


GOOD = plugin(
    "good",
    f"{HEADER}@hookimpl\ndef lvmctl_commands():\n"
    "    return [CommandSpec(name='hello', summary='Says hello.', target='good_pkg.say:hello')]\n",
    say="import click\n\n@click.command()\ndef hello():\n    click.echo('hello from good')\n",
)
RAISER = plugin("raiser", "raise RuntimeError('no licence file')\n")
ANCIENT = plugin("ancient", "LVMCTL_API = 0\n")
GARBAGE = plugin("garbage", f"{HEADER}@hookimpl\ndef lvmctl_losses():\n    return [1]\n")
TWIN = plugin("twin", takes({"LossSpec": ["mse", "listwise"], "RecipeSpec": ["p8"]}))

BOMB = with_loss("bomb", "if self.training and self.steps == 10:\n    raise RuntimeError('boom')")
MENDED = with_loss("bomb", "", version="1.1")

ROGUES = (RAISER, ANCIENT, GARBAGE, TWIN, BOMB)
BROKEN = {
    "raiser": "RuntimeError: no licence file",
    "ancient": "written for plugin API 0, this lvmctl has 2",
    "garbage": "lvmctl_losses returned a int among its records, not a LossSpec",
}
"""Those that cannot be used, each with why; the others fail later or not at all."""
