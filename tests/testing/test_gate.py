"""Each check of gates fails for a gate that breaks its rule, and for no sound one."""

from __future__ import annotations

import numpy as np
import torch
from testing.judged import address, fails, judged, passes

from lvmctl.registry.specs import Curriculum, KillRule, SampleWeight
from lvmctl.registry.verdict_specs import Gates
from lvmctl.sphere import cosine

# ------------------------------------------------------------------ gates of role sample


def likeness(batch):
    return cosine(batch.last, batch.target)


def weighs(batch):
    return likeness(batch).clamp(min=0)


def halves_the_target(batch):
    weights = weighs(batch)
    batch.target.mul_(0.5)
    return weights


# ------------------------------------------------------------------ gates of role kill


def margin_of(record):
    return record.get("val", {}).get("margin", {}).get("last", 1.0)


def stops(record):
    return "margin[last] < 0" if margin_of(record) < 0 else None


def stops_late(record):
    return "late" if record["epoch"] > 40 else None


# ------------------------------------------------------------------ gates of role select


def first_half(windows, epoch):
    return np.arange(len(windows)) <= len(windows) // 2


def moves_windows(windows, epoch):
    windows.position[:] = 0
    return first_half(windows, epoch)


def forgetful(answer, later):
    """The target of a gate that says ``later`` from its second call on."""

    def make(options):
        calls = []

        def gate(*args):
            calls.append(args)
            return answer(*args) if len(calls) == 1 else later(*args)

        return gate

    return make


def made(spec: type[Gates], target, **details) -> Gates:
    return spec(name="x", summary="A gate.", target=address(target), **details)


def sample(gate, needs=("last", "target")) -> SampleWeight:
    return made(SampleWeight, lambda options: gate, needs=needs)


def kill(gate) -> KillRule:
    return made(KillRule, lambda options: gate)


def select(gate) -> Curriculum:
    return made(Curriculum, lambda options: gate)


FADES = forgetful(weighs, lambda batch: weighs(batch) / 2)
PATIENT = forgetful(lambda record: None, stops)
FORM, SAME, LEAVES = "answers_in_its_form", "same_input_same_answer", "leaves_what_it_is_given"
TRAINS = "leaves_something_to_train"

test_a_sound_gate_passes = passes(
    [
        sample(weighs),
        sample(lambda batch: likeness(batch).softmax(dim=0)),
        kill(stops),
        kill(lambda record: "late" if record["epoch"] > 40 else None),
        select(first_half),
        select(lambda windows, epoch: torch.from_numpy(first_half(windows, epoch))),
    ],
    core=True,
)

test_a_broken_gate_fails_its_check = fails(
    [
        (sample(likeness), FORM, "not finite and >= 0"),
        (sample(lambda batch: weighs(batch)[:, None]), FORM, "shape (8, 1) for 8 windows"),
        (sample(lambda batch: weighs(batch).tolist()), FORM, "a list and not a tensor"),
        (sample(lambda batch: (likeness(batch) - 1).sqrt()), FORM, "not finite"),
        (sample(lambda batch: torch.rand(len(batch.target))), SAME, "whose chunks are orthogonal"),
        (made(SampleWeight, FADES, needs=("last", "target")), SAME, "answers otherwise"),
        (sample(halves_the_target), LEAVES, "it changes a batch of text-like chunks"),
        (
            sample(lambda batch: weighs(batch) * batch.second_last[:, 0].abs()),
            "reads_declared_fields_only",
            "batch.second_last",
        ),
        (sample(lambda batch: torch.zeros(len(batch.target))), TRAINS, "every weight is 0"),
        (sample(weighs, needs=("nearest",)), "needs_known_fields", "needs batch field 'nearest',"),
        (
            kill(lambda record: "R@5 < .1" if record["val"]["r@5"] < 0.1 else None),
            FORM,
            "it raised KeyError('val')",
        ),
        (kill(lambda record: margin_of(record) < 0), FORM, "False and not None or a reason"),
        (
            kill(lambda record: "margin\ntoo low" if margin_of(record) < 0 else None),
            FORM,
            "epoch 1 with every figure -1.0",
        ),
        (made(KillRule, PATIENT), SAME, "answers otherwise"),
        (kill(lambda record: stops({"val": record.pop("val", {})})), LEAVES, "it changes epoch 1"),
        (kill(lambda record: "stop"), TRAINS, "stops at every record"),
        (select(lambda windows, epoch: np.arange(len(windows))), FORM, "not bool for 252 windows"),
        (
            select(lambda windows, epoch: first_half(windows, epoch) & (epoch < 100)),
            FORM,
            "epoch 1000 of 252 windows it returns no window",
        ),
        (
            select(lambda w, epoch: np.random.rand(len(w)) < 2 / len(w) + 0.5),
            SAME,
            "epoch 1000 of 252 windows",
        ),
        (select(moves_windows), LEAVES, "it changes epoch 1 of 252 windows"),
    ],
    core=True,
)


def test_what_a_gate_does_is_noted():
    chosen, stopped = (
        judged(gate, [TRAINS], core=True)[TRAINS].why for gate in (select(first_half), kill(stops))
    )
    assert "50% in epoch 1 of 252 windows" in chosen
    assert stopped == "it stops at 3 of 24 records, first at epoch 1 with every figure -1.0"
