"""Checks of what training with a loss does to a prediction."""

from __future__ import annotations

import re

import pytest

from lvmctl.sphere import cosine

from sound_loss import Sound, Verifier, faults, outcomes  # isort: skip


class Apart(Sound):
    """Predictions of a batch should differ: no objective of its own."""

    def each(self, prediction, batch, step):
        return cosine(prediction.q, prediction.q.roll(1, 0)) + 1


class Alike(Sound):
    """The same prediction for every window pays."""

    def each(self, prediction, batch, step):
        apart = 1 - cosine(prediction.q, prediction.q.roll(1, 0))
        return apart + 0.5 * (1 - cosine(prediction.q, batch.target))


class Detached(Sound):
    def each(self, prediction, batch, step):
        return 1 - cosine(prediction.q.detach(), batch.target)


class DetachedBesideItsOwn(Verifier):
    def each(self, prediction, batch, step):
        own = super().each(prediction, batch, step)
        return own + 1 - cosine(prediction.q.detach(), batch.target)


class Constant(Sound):
    def each(self, prediction, batch, step):
        return 1 - cosine(batch.target, batch.target)


class Backwards(Sound):
    def each(self, prediction, batch, step):
        return 1 + cosine(prediction.q, batch.target)


class BackwardsAlone(Sound):
    def each(self, prediction, batch, step):
        found = super().each(prediction, batch, step)
        return found if len(batch) > 1 else -found


class Contrast(Sound):
    """Each window's own target against the others'; of one window it says 0, within rounding."""

    def each(self, prediction, batch, step):
        logits = 5 * prediction.q @ batch.target.mT
        return logits.logsumexp(dim=1) - logits.diagonal() + 1e-6 * logits.diagonal()


SOUND = [(Verifier, {}), (Apart, {"regulariser": True}), (Contrast, {})]

BROKEN = [
    (Detached, {}, "gradient_reaches_the_prediction", "prediction.q"),
    (DetachedBesideItsOwn, {}, "gradient_reaches_the_prediction", "prediction.q"),
    (Constant, {}, "gradient_reaches_the_prediction", "nothing that can be trained"),
    (Backwards, {}, "target_scores_best", "regulariser=True"),
    (BackwardsAlone, {}, "target_scores_best", "in batches of one window the target scores"),
    (Apart, {}, "target_scores_best", "right angles"),
    (Alike, {}, "target_scores_best", "a constant"),
]


@pytest.mark.parametrize(("loss", "declared"), SOUND)
def test_a_sound_loss_passes(loss, declared):
    assert faults(loss, **declared) == {}


@pytest.mark.parametrize(("loss", "declared", "check", "says"), BROKEN)
def test_a_broken_loss_fails_the_check_of_its_rule(loss, declared, check, says):
    found = faults(loss, **declared)
    assert found.keys() == {check}
    assert says in found[check]


def test_what_a_loss_is_for_is_reported():
    """1 - cos is 0 at the target and 1 at right angles, in the mean of any windows."""
    found = outcomes(Sound)["target_scores_best"].why
    target, aside = re.match(r"the target scores (\S+), right angles (\S+),", found).groups()
    assert float(target) == pytest.approx(0, abs=1e-6)
    assert float(aside) == pytest.approx(1, abs=1e-6)
    assert outcomes(Apart, regulariser=True)["target_scores_best"].status == "skip"
    assert outcomes(Verifier)["target_scores_best"].status == "skip"
    assert "of its own" in outcomes(Verifier)["gradient_reaches_the_prediction"].why
