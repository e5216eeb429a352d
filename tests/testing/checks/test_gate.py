"""Each check of gates fails for a gate that breaks its rule, and for no sound one."""

from __future__ import annotations

import re
from dataclasses import replace
from types import SimpleNamespace

import judged
import numpy as np
import pytest
import torch
from beside_core import judged_beside_core

from lvmctl.registry.specs import Curriculum, KillRule, SampleWeight
from lvmctl.registry.verdict_specs import Gates, VerdictGate
from lvmctl.sphere import cosine
from lvmctl.testing.checks.gate import CHECKS

# ------------------------------------------------------------------ gates of role sample


def likeness(batch):
    return cosine(batch.last, batch.target)


def weighs(batch):
    return likeness(batch).clamp(min=0)


def goes_below_zero(batch):
    return likeness(batch)


def gives_numbers_that_are_none(batch):
    return (likeness(batch) - 1).sqrt()


def gives_a_column(batch):
    return weighs(batch)[:, None]


def gives_a_list(batch):
    return weighs(batch).tolist()


def rolls_dice(batch):
    return torch.rand(len(batch.target))


def halves_the_target(batch):
    weights = weighs(batch)
    batch.target.mul_(0.5)
    return weights


def peeks(batch):
    return weighs(batch) * cosine(batch.last, batch.second_last).abs()


def weighs_nothing(batch):
    return torch.zeros(len(batch.target))


def compares_the_batch(batch):
    return likeness(batch).softmax(dim=0)


# ------------------------------------------------------------------ gates of role kill


def margin_of(record):
    return record.get("val", {}).get("margin", {}).get("last", 1.0)


def stops(record):
    return "margin[last] < 0" if margin_of(record) < 0 else None


def stops_late(record):
    return "late" if record["epoch"] > 40 else None


def needs_ranks(record):
    return "R@5 < .1" if record["val"]["r@5"] < 0.1 else None


def says_true(record):
    return margin_of(record) < 0


def says_nothing(record):
    return "" if margin_of(record) < 0 else None


def says_two_lines(record):
    return "margin\ntoo low" if margin_of(record) < 0 else None


def takes_the_record_apart(record):
    return stops({"val": record.pop("val", {})})


def always_stops(record):
    return "stop"


# ------------------------------------------------------------------ gates of role select


def first_half(windows, epoch):
    return np.arange(len(windows)) <= len(windows) // 2


def half_as_tensor(windows, epoch):
    return torch.from_numpy(first_half(windows, epoch))


def gives_indices(windows, epoch):
    return np.arange(len(windows))


def gives_one_too_few(windows, epoch):
    return first_half(windows, epoch)[1:]


def runs_dry(windows, epoch):
    return first_half(windows, epoch) & (epoch < 100)


def picks_at_random(windows, epoch):
    return np.random.rand(len(windows)) < 2 / len(windows) + 0.5


def moves_windows(windows, epoch):
    windows.position[:] = 0
    return first_half(windows, epoch)


def forgetful(answer, later):
    """A gate that says ``later`` from its second call on."""

    def make(options):
        calls = []

        def gate(*given):
            calls.append(given)
            return answer(*given) if len(calls) == 1 else later(*given)

        return gate

    return make


# A target is called with the options and gives the gate.
GATES = {
    name: (lambda options, gate=gate: gate)
    for name, gate in list(globals().items())
    if getattr(gate, "__module__", None) == __name__ and gate is not forgetful
}
GATES |= {
    "fades": forgetful(weighs, lambda batch: weighs(batch) / 2),
    "is_patient": forgetful(lambda record: None, stops),
    "narrows": forgetful(first_half, lambda windows, epoch: np.arange(len(windows)) == 0),
}
TARGETS = SimpleNamespace(**GATES)


def outcomes(record):
    return judged_beside_core(record, CHECKS)


def failures(record):
    return judged.failures(outcomes(record))


VERDICT = VerdictGate(name="x", summary="A gate.", metric="cos_next", at_least=0.5, marginal=0.4)
TYPES = {"sample": SampleWeight, "kill": KillRule, "select": Curriculum}


def gate(name: str, role: str, **details) -> Gates:
    if role == "sample":
        details.setdefault("needs", ("last", "target"))
    target = f"{__name__}:TARGETS.{name}"
    return TYPES[role](name="x", summary="A gate.", target=target, **details)


SOUND = [
    ("sample", "weighs"),
    ("sample", "compares_the_batch"),
    ("kill", "stops"),
    ("kill", "stops_late"),
    ("select", "first_half"),
    ("select", "half_as_tensor"),
]


@pytest.mark.parametrize(("role", "name"), SOUND)
def test_a_sound_gate_passes(role, name):
    assert failures(gate(name, role)) == {}


FORM = "answers_in_its_form"
SAME = "same_input_same_answer"
LEAVES = "leaves_what_it_is_given"
BROKEN = [
    ("sample", "goes_below_zero", FORM, "not finite and >= 0"),
    ("sample", "gives_a_column", FORM, r"shape \(8, 1\) for 8 windows"),
    ("sample", "rolls_dice", SAME, "a batch whose chunks are orthogonal"),
    ("sample", "fades", SAME, "answers otherwise"),
    ("sample", "halves_the_target", LEAVES, "it changes a batch of text-like chunks"),
    ("sample", "peeks", "reads_declared_fields_only", "batch.second_last without declaring"),
    ("sample", "weighs_nothing", "leaves_something_to_train", "every weight is 0"),
    ("kill", "says_true", FORM, "False and not None or a reason"),
    ("kill", "says_nothing", FORM, "'' and not None"),
    ("kill", "says_two_lines", FORM, "epoch 1 with every figure -1.0"),
    ("kill", "is_patient", SAME, "epoch .* answers otherwise"),
    ("kill", "takes_the_record_apart", LEAVES, "it changes epoch 1 as usual"),
    ("kill", "always_stops", "leaves_something_to_train", "stops at every record"),
    ("select", "gives_indices", FORM, "int64 .* not bool for 252 windows"),
    ("select", "gives_one_too_few", FORM, r"shape \(251,\)"),
    ("select", "runs_dry", FORM, "epoch 1000 of 252 windows it returns no window"),
    ("select", "picks_at_random", SAME, "epoch 1000 of 252 windows"),
    ("select", "narrows", SAME, "answers otherwise"),
    ("select", "moves_windows", LEAVES, "it changes epoch 1 of 252 windows"),
]


@pytest.mark.parametrize(("role", "name", "check", "why"), BROKEN)
def test_a_broken_gate_fails_its_check_alone(role, name, check, why):
    found = failures(gate(name, role))
    assert list(found) == [check]
    assert re.search(why, found[check])


def test_weights_that_are_no_tensor_or_no_numbers_are_told():
    assert "a list and not a tensor" in failures(gate("gives_a_list", "sample"))[FORM]
    assert "not finite" in failures(gate("gives_numbers_that_are_none", "sample"))[FORM]


def test_a_kill_rule_that_needs_what_is_not_always_measured_is_told():
    assert failures(gate("needs_ranks", "kill"))[FORM] == "it raised KeyError('val')"


def test_what_a_gate_does_is_noted():
    sampled = outcomes(gate("weighs", "sample"))["weighs_each_window_alone"]
    assert re.fullmatch(r"mean weight 0\.\d\d on text-like chunks", sampled.why)
    compared = outcomes(gate("compares_the_batch", "sample"))["weighs_each_window_alone"]
    assert "depends on the others of its batch" in compared.why
    chosen = outcomes(gate("first_half", "select"))["leaves_something_to_train"]
    assert "50% in epoch 1 of 252 windows" in chosen.why
    stopped = outcomes(gate("stops", "kill"))["leaves_something_to_train"]
    assert stopped.why == "it stops at 3 of 24 records, first at epoch 1 with every figure -1.0"


def test_a_sample_weight_needs_fields_that_there_are():
    found = failures(gate("weighs", "sample", needs=("nearest",)))
    assert "needs batch field 'nearest', which there is not" in found["needs_known_fields"]


@pytest.mark.parametrize(
    ("details", "why"),
    [
        ({"category": "F"}, "category 'F' is no test of 5CAT"),
        ({"split": "train"}, "split 'train' is never judged"),
        ({"reference": "core/fre"}, "no model 'core/fre'; did you mean 'free'?"),
    ],
)
def test_a_verdict_says_what_is_judged(details, why):
    assert why in failures(replace(VERDICT, **details))["says_where_it_belongs"]


def test_every_check_is_about_some_gate():
    seen = {
        name
        for record in (*(gate(name, role) for role, name in SOUND), VERDICT)
        for name, outcome in outcomes(record).items()
        if outcome.status == "pass"
    }
    assert {check.name for check in CHECKS} <= seen
