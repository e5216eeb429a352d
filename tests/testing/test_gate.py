"""Each check of gates fails for a gate that breaks its rule, and for no sound one."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pytest
import torch
from testing import judged as kit

from lvmctl.registry.specs import Curriculum, KillRule, SampleWeight
from lvmctl.registry.verdict_specs import Gates, ProfileSpec
from lvmctl.sphere import cosine

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

        def gate(*args):
            calls.append(args)
            return answer(*args) if len(calls) == 1 else later(*args)

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
}
TARGETS = SimpleNamespace(**GATES)


TYPES = {"sample": SampleWeight, "kill": KillRule, "select": Curriculum}
PROFILE = ProfileSpec(name="all", summary="All of it.", gates=("x",), source="here")


def outcomes(record, *others, names=()):
    return kit.judged(record, names, PROFILE, *others, core=True)


def failures(record, *others):
    return kit.failures(outcomes(record, *others))


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
    ("sample", "gives_a_column", FORM, "shape (8, 1) for 8 windows"),
    ("sample", "gives_a_list", FORM, "a list and not a tensor"),
    ("sample", "gives_numbers_that_are_none", FORM, "not finite"),
    ("sample", "rolls_dice", SAME, "a batch whose chunks are orthogonal"),
    ("sample", "fades", SAME, "answers otherwise"),
    ("sample", "halves_the_target", LEAVES, "it changes a batch of text-like chunks"),
    ("sample", "peeks", "reads_declared_fields_only", "batch.second_last without declaring"),
    ("sample", "weighs_nothing", "leaves_something_to_train", "every weight is 0"),
    ("kill", "needs_ranks", FORM, "it raised KeyError('val')"),
    ("kill", "says_true", FORM, "False and not None or a reason"),
    ("kill", "says_two_lines", FORM, "epoch 1 with every figure -1.0"),
    ("kill", "is_patient", SAME, "answers otherwise"),
    ("kill", "takes_the_record_apart", LEAVES, "it changes epoch 1 as usual"),
    ("kill", "always_stops", "leaves_something_to_train", "stops at every record"),
    ("select", "gives_indices", FORM, "not bool for 252 windows"),
    ("select", "runs_dry", FORM, "epoch 1000 of 252 windows it returns no window"),
    ("select", "picks_at_random", SAME, "epoch 1000 of 252 windows"),
    ("select", "moves_windows", LEAVES, "it changes epoch 1 of 252 windows"),
]


@pytest.mark.parametrize(("role", "name", "check", "why"), BROKEN)
def test_a_broken_gate_fails_its_check(role, name, check, why):
    kit.assert_fails(gate(name, role), {check: why})


def test_a_sample_weight_needs_fields_that_there_are():
    missing = gate("weighs", "sample", needs=("nearest",))
    kit.assert_fails(
        missing, {"needs_known_fields": "needs batch field 'nearest', which does not exist"}
    )


def test_what_a_gate_does_is_noted():
    name = "leaves_something_to_train"
    chosen = outcomes(gate("first_half", "select"), names=[name])[name].why
    assert "50% in epoch 1 of 252 windows" in chosen
    stopped = outcomes(gate("stops", "kill"), names=[name])[name].why
    assert stopped == "it stops at 3 of 24 records, first at epoch 1 with every figure -1.0"
