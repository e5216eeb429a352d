"""Collapses and escapes that were planted into histories, and histories without any."""

from __future__ import annotations

import numpy as np
import pytest
from diagnostics.histories import escaped, planted, records, val

from lvmctl.diagnostics.records import RunOptions
from lvmctl.diagnostics.runs.collapse import breakdowns, change_points, declines, escapes, is_poor
from lvmctl.diagnostics.runs.history import History

OPTIONS = RunOptions(permutations=199)


def broken(history):
    points = change_points(history, OPTIONS)
    return [*breakdowns(history, points), *declines(history, points)]


def with_cos_next(values):
    return History([{"epoch": e, "val": {"cos_next": v}} for e, v in enumerate(values, start=1)])


def names(history):
    return [finding.name for finding in (*broken(history), *escapes(history))]


@pytest.mark.parametrize("epochs", [1, 2, 3, 6, 10, 25])
@pytest.mark.parametrize("seed", [0, 1])
def test_learning_is_no_collapse(epochs, seed):
    history = History(records(epochs, seed))
    assert names(history) == []
    assert not is_poor(History(records(max(epochs, 3), seed)))


def test_a_collapse_without_an_event_says_so():
    fall = val(6, cos_next=0.2)
    (finding,) = broken(planted(fall, config={"losses": []}))
    assert (finding.name, finding.epoch) == ("collapse", 6)
    assert "the schedule changes nothing there" in finding.evidence
    (finding,) = broken(planted(fall))
    assert "changes nothing" not in finding.evidence
    assert "is not known without the run's config.json" in finding.evidence


def test_few_epochs_are_judged_by_depth_alone():
    (finding,) = broken(planted(val(3, cos_next=0.15), epochs=4))
    assert finding.epoch == 3
    assert "4 epochs are too few to test" in finding.evidence


def test_two_epochs_can_show_a_collapse():
    (finding,) = broken(planted(val(cos_next={1: 0.4, 2: 0.1}.get), epochs=2))
    assert finding.epoch == 2


def test_a_dip_that_heals_is_no_collapse():
    def dip(record):
        if record["epoch"] == 5:
            record["val"]["cos_next"] = 0.1

    assert names(planted(dip)) == []
    assert names(planted(dip, epochs=6)) == []


def test_a_slow_decline_has_a_change_point_and_is_no_collapse():
    history = planted(val(cos_next=lambda epoch: 0.56 - 0.002 * epoch), epochs=20)
    assert names(history) == []
    assert change_points(history, OPTIONS)["cos_next"]["p_value"] <= 0.05


@pytest.mark.parametrize("epochs", [5, 15, 60])
def test_a_slow_decline_that_loses_a_quarter_is_a_collapse(epochs):
    """No step of it is deep, as a share of what it falls from."""
    (finding,) = broken(with_cos_next(np.linspace(0.6, 0.4, epochs).tolist()))
    assert finding.name == "collapse"
    assert "gradually" in finding.evidence
    assert finding.epoch == max(epochs // 10, 1)
    assert f"(epoch {epochs}" in finding.evidence
    assert ("too few to test" in finding.evidence) == (epochs == 5)
    falling = np.linspace(0.6, 0.46, epochs).tolist()  # .77 of it
    assert broken(with_cos_next(falling)) == []


def test_a_slow_decline_beside_a_step_is_reported_once():
    slowly = val(cos_next=lambda epoch: 0.6 - 0.02 * epoch)
    (finding,) = broken(planted(slowly, val(6, cos_anchor=0.1)))
    assert "cos_anchor" in finding.evidence
    assert "gradually" not in finding.evidence


def test_a_thousand_epochs_of_noise_are_no_collapse():
    """One of them is far above the others, and the last may be far below."""
    rng = np.random.default_rng(0)
    assert broken(with_cos_next((0.4 + 0.01 * rng.standard_normal(1000)).tolist())) == []
    drifts = 0.42 - 0.02 * np.arange(1000) / 1000 + 0.04 * rng.standard_normal(1000)
    drifts[-1] = 0.3
    assert change_points(with_cos_next(drifts.tolist()), OPTIONS)["cos_next"]["clear"]
    assert broken(with_cos_next(drifts.tolist())) == []


def noisy(seed, size, epochs=10):
    """Cosines that are noise of this size around a level."""
    rng = np.random.default_rng(seed)
    noise = val(
        cos_next=lambda epoch: 0.4 + size * rng.standard_normal(),
        cos_anchor=lambda epoch: 0.6 + 0.02 * rng.standard_normal(),
    )
    return planted(noise, epochs=epochs)


def test_noise_without_learning_is_no_collapse():
    assert all(names(noisy(seed, 0.02, 2 + seed % 11)) == [] for seed in range(20))


def test_noise_as_deep_as_a_collapse_is_seldom_called_one():
    evidence = [str([f.evidence for f in broken(noisy(seed, 0.15))]) for seed in range(30)]
    assert sum("cos_next" in text for text in evidence) <= 3  # at a level of .025


def test_an_escape_is_found_by_the_margin_that_grows_most():
    (finding,) = escapes(escaped())
    assert finding.name == "orthogonal-escape"
    assert finding.epoch == 5  # at 4 it still has .34 of .45
    assert "margin[second_last] went -.040 → +.250" in finding.evidence
    assert is_poor(escaped())


def test_an_escape_from_the_first_epoch_on_is_found_too():
    margins = {"last": 0.02, "second_last": 0.2}
    gone = val(cos_next=0.01, cos_anchor=-0.1, margin=margins)
    (finding,) = escapes(planted(gone))
    assert (finding.name, finding.epoch) == ("orthogonal-escape", 1)
    assert "cos_next is never above +.010 in 10 epochs" in finding.evidence


def test_a_positive_margin_of_a_good_prediction_is_movement_and_no_escape():
    moves = val(margin={"last": 0.13, "second_last": 0.74}, cos_anchor=-0.3)
    assert list(escapes(planted(moves))) == []


def test_a_fall_without_a_growing_margin_is_no_escape():
    assert list(escapes(planted(val(6, cos_next=0.27, cos_anchor=0.3)))) == []


def left_without_growth(grows):
    """cos_next fell from .5 to .3 and the window was left, beside a margin that was there before
    (``rotation`` has it)."""

    before = val(cos_next=0.5, cos_anchor=0.7, margin={"last": 0.1})
    return planted(before, val(6, cos_next=0.3, cos_anchor=0.2, margin={"last": 0.1 + grows}))


def test_an_escape_takes_a_margin_that_grows_and_not_one_that_is_there():
    assert list(escapes(left_without_growth(0.0))) == []
    assert list(escapes(left_without_growth(0.019))) == []
    (finding,) = escapes(left_without_growth(0.021))
    assert "margin[last] went +.100 → +.121" in finding.evidence


def test_a_margin_without_a_name_is_read_as_that_against_the_last_chunk():
    (finding,) = escapes(planted(val(cos_next=-0.2, cos_anchor=-0.3, margin=0.3)))
    assert "margin[last] went +.300 → +.300" in finding.evidence


def test_leaving_the_centroid_while_learning_is_no_collapse():
    history = planted(val(cos_anchor=0.4), val(4, cos_anchor=-0.2))
    assert change_points(history, OPTIONS)["cos_anchor"]["p_value"] < 0.05
    assert broken(history) == []
