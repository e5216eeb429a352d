"""Each check of recipes fails for a recipe that breaks its rule, and for no sound one."""

from __future__ import annotations

import re

import pytest
from testing.judged import failures

import lvmctl.registry
from lvmctl.registry import Registry, load_registry
from lvmctl.testing.checks.recipe import CHECKS
from lvmctl.testing.conformance import cases

PLUGIN = """
from dataclasses import dataclass
from lvmctl.nn.sequence.options import SequenceOptions
from lvmctl import (
    Composition,
    LossSpec,
    NoOptions,
    Part,
    RecipeSpec,
    TrainingOptions,
    hookimpl,
    option,
)


@dataclass(frozen=True, kw_only=True)
class Options(TrainingOptions):
    sequence: SequenceOptions = SequenceOptions()
    share: float = option(1.0, "weight of the squared error", low=0.5, high=2.0)
    late: str = option("0,3=.5", "weight of the cosine", high=1.0, schedule=True)

@dataclass(frozen=True, kw_only=True)
class Own:
    context: int = option(5, "K", low=1, high=9)

@hookimpl
def lvmctl_recipes():
    target = "mine_pkg.recipe:compose"
    return [RecipeSpec(name="x", summary="A recipe.", target=target, options={options})]

@hookimpl
def lvmctl_losses():
    return [
        LossSpec(name=name, summary="A loss.", target=f"mine_pkg.losses:{{name.title()}}")
        for name in ("same", "broken", "infinite", "starting", "fickle", "dice")
    ]
"""

LOSSES = """
import random
import torch
from lvmctl import LossOutput

class Same(torch.nn.Module):
    def forward(self, prediction, batch, step):
        self.step, self.windows = step, len(batch.target)
        return self.output(1 - (prediction.q * batch.target).sum(-1))

    def output(self, loss):
        return LossOutput({"mse": loss})

class Broken(Same):
    def output(self, loss):
        raise ArithmeticError("no loss today")

class Infinite(Same):
    def output(self, loss):
        return LossOutput({"high": loss}, {"loss_higher": loss / 0})

class Starting(Same):
    def output(self, loss):
        return LossOutput({"late": loss / self.step.index})

class Dice(Same):
    def output(self, loss):
        return LossOutput({"mse": loss * random.random()})

class Fickle(Same):
    def output(self, loss):
        return LossOutput({"four" if self.windows == 4 else "more": loss})
"""

SOUND = """
from lvmctl import Composition, Part

def compose(options):
    return Composition(
        model=Part("core/free", options.sequence),
        losses=(
            Part("core/mse", {}, options.share),
            Part("core/cosine", {}, options.late),
        ),
        run_name={"c": options.context},
    )
"""


@pytest.fixture
def outcomes(install, site, monkeypatch):
    """``outcomes(old, new, options)``: of an installed recipe that has ``new`` for ``old``."""
    monkeypatch.syspath_prepend(str(site))

    def judge(old="", new="", options="Options", checks=CHECKS, registry=None):
        assert old in SOUND
        install(
            "lvmctl-mine",
            {"mine": "mine_pkg.plugin"},
            {
                "mine_pkg/plugin.py": PLUGIN.format(options=options),
                "mine_pkg/losses.py": LOSSES,
                "mine_pkg/recipe.py": SOUND.replace(old, new) if old else SOUND,
            },
        )
        lvmctl.registry.configure()
        chosen = cases("mine/x", registry=registry and registry(load_registry()))
        return {case.check.name: case.outcome() for case in chosen if case.check in checks}

    yield judge
    lvmctl.registry.configure()


def test_a_sound_recipe_passes(outcomes):
    ended = outcomes()
    assert {outcome.status for outcome in ended.values()} == {"pass"}
    assert ended["parts_fit_together"].why == ("x: core/free | 1 × core/mse + 0,3=.5 × core/cosine")
    assert ended["every_loss_is_logged"].why == "loss_mse, loss_cosine"
    assert (
        "refused: best_by = loss, sequence.width = 1, sequence.heads = 65536"
        in ended["every_bound_plans_or_is_refused"].why
    )
    assert re.fullmatch(r"x_c5_\d{8}_\d{6}", ended["run_name_is_short"].why)


TORCH = "composes_without_torch"
FITS, BOUNDS = "parts_fit_together", "every_bound_plans_or_is_refused"
NAME, DISK = "run_name_is_short", "plan_survives_the_disk"
TRAINS, LOGGED = "trains_an_epoch", "every_loss_is_logged"
SLOW = TRAINS, LOGGED, "one_seed_gives_one_run"
QUICK = [check for check in CHECKS if check.name not in SLOW]
MSE, RUN_NAME = 'Part("core/mse", {}, options.share)', '{"c": options.context}'
BROKEN = [
    ("from lvmctl import", "import torch\nfrom lvmctl import", TORCH, "without torch it fails"),
    (
        "def compose(options):\n",
        "def compose(options):\n    import torch\n",
        TORCH,
        "without torch it fails",
    ),
    (MSE, "Part('core/mse', {}, 1 / (2 - options.share))", BOUNDS, "2.0 ends in .*ZeroDiv"),
    (MSE, "Part('core/mse' if options.share < 2 else 3)", BOUNDS, "share = 2.0 ends in TypeError"),
    (RUN_NAME, '{"c": "5" * 70}', NAME, "characters, not 80"),
    (RUN_NAME, "{5: options.context}", DISK, "key_options is {5: 5}, and {'5': 5} when read back"),
    (MSE, 'Part("mine/broken")', TRAINS, "no loss today"),
    (
        MSE,
        'Part("mine/infinite")',
        TRAINS,
        "train.loss_higher is no",
    ),
    (MSE, 'Part("mine/starting")', TRAINS, "1 steps had no finite loss or gradient"),
    (MSE, 'Part("mine/fickle")', LOGGED, "'loss_four' is not in the history's train"),
    (MSE, 'Part("core/mse")', "every_option_arrives", "whatever share is, the recipe is composed"),
    (MSE, 'Part("mine/dice")', "one_seed_gives_one_run", "train.loss is"),
    ('Part("core/cosine"', 'Part("mine/same"', LOGGED, "2 of its losses log 'loss_mse'"),
]


@pytest.mark.parametrize(("old", "new", "check", "why"), BROKEN)
def test_a_broken_recipe_is_reported(outcomes, old, new, check, why):
    due = [each for each in CHECKS if each.name == check]
    assert re.search(why, failures(outcomes(old, new, checks=due))[check])


@pytest.mark.parametrize(
    ("options", "why"),
    [
        ("{'power': 2}", "unknown option 'power'"),
        ("options.sequence", "loss core/mse: it takes NoOptions, not SequenceOptions"),
    ],
)
def test_parts_that_do_not_fit_are_reported(outcomes, options, why):
    failed = failures(outcomes(MSE, f"Part('core/mse', {options})", checks=QUICK))
    assert why in failed[FITS]


def test_what_is_no_composition_is_reported(outcomes):
    failed = failures(outcomes("return Composition(", "return dict(", checks=QUICK))
    assert failed[TORCH] == "it gives a dict, not a Composition"


def test_options_of_another_kind_are_reported(outcomes):
    failed = failures(outcomes(options="Own", checks=QUICK))
    assert failed["options_are_a_trainings"] == "Own does not extend TrainingOptions"


def test_only_an_installed_recipe_is_trained(outcomes):
    def another(registry):
        lvmctl.registry.configure(disable=["mine"])
        return Registry(registry.plugins, registry.hook)

    ended = outcomes(registry=another)
    assert ended[TRAINS].status == ended[LOGGED].status == "skip"
    assert "not installed" in ended[TRAINS].why
