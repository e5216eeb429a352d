"""The geometry of stores whose geometry is known, and of odd ones."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made import sphere, split_of
from recorder import Recorder

from lvmctl.core.errors import DataError
from lvmctl.core.formatting import number
from lvmctl.data import Split, open_split, write_store
from lvmctl.data.moments import moments
from lvmctl.data.transforms import transforms
from lvmctl.diagnostics.data.spectrum.spectrum import StoreGeometry
from lvmctl.diagnostics.data.spectrum.transform_trial import trial
from lvmctl.diagnostics.records import GeometryOptions


def look(split: Split, **options):
    """The diagnosis and what the reporter was told; progress adds up and figures are plain."""
    reporter = Recorder()
    diagnosis = StoreGeometry(GeometryOptions(**{"sample": 500} | options))(split, reporter)
    assert all(total == done for total, done in reporter.stages.values())
    assert json.loads(json.dumps(diagnosis.figures))["dim"] == split.dim
    assert not diagnosis.failed
    for table in diagnosis.tables:
        assert all(len(row) == len(table.header) for row in table.rows), table.title
    return diagnosis, reporter


def entries(splits: list[str]) -> list[dict]:
    """Articles of these splits."""
    return [{"id": i, "split": name} for i, name in enumerate(splits)]


def test_an_isotropic_store():
    diagnosis, _ = look(split_of(sphere(1200, 16), [30] * 40))
    assert diagnosis.verdict == "ISOTROPIC"
    assert diagnosis.sentence.startswith("Chunks of different articles have mean cosine")
    spread = diagnosis.figures["spectrum"]
    for name, figure in spread.items():
        assert figure["ci"][0] <= figure["value"] <= figure["ci"][1]
        if name != "mean_cosine" and figure["isotropic"] is not None:
            assert figure["value"] == pytest.approx(figure["isotropic"], rel=0.3), name
    hubs = diagnosis.figures["hubness"]
    for part in (hubs["store"], hubs["in_article"]):
        assert part["value"] == pytest.approx(part["isotropic"], abs=0.35)
    assert diagnosis.figures["retrieval"]["best"] is None
    assert diagnosis.change.startswith("no transform surely helps `direct`")
    assert sum(diagnosis.figures["eigenvalues"]) == pytest.approx(1, abs=0.01)


def test_a_store_around_a_mean_is_anisotropic():
    diagnosis, _ = look(split_of(sphere(1200, 16) + 0.5 * np.eye(16)[0], [30] * 40))
    assert diagnosis.verdict == "ANISOTROPIC"
    assert diagnosis.figures["spectrum"]["mean_cosine"]["value"] == pytest.approx(0.2, abs=0.05)


def test_a_store_in_a_few_directions_is_anisotropic():
    flat = np.hstack([sphere(1200, 4), np.zeros((1200, 12))])
    diagnosis, _ = look(split_of(flat + 0.02 * sphere(1200, 16, 1), [30] * 40))
    assert diagnosis.verdict == "ANISOTROPIC"
    assert diagnosis.figures["spectrum"]["participation"]["value"] == pytest.approx(4, rel=0.05)


def test_a_collapsed_store():
    diagnosis, _ = look(split_of(np.ones(8) + 0.1 * sphere(600, 8), [30] * 20))
    assert diagnosis.verdict == "COLLAPSED"
    alike, _ = look(split_of(np.ones((60, 8)), [30, 30]))
    assert (alike.verdict, alike.sentence) == ("COLLAPSED", "All chunks are one vector.")


def noisy(seed: int, articles: int = 30) -> np.ndarray:
    """An ar1 world with an axis of noise that hides it."""
    source = f"synth:ar1?articles={articles}&chunks=30&dim=12&a=0.8&seed={seed}"
    rows = np.array(open_split(source).vectors)
    return np.hstack([rows, 3 * np.random.default_rng(seed).standard_normal((len(rows), 1))])


def test_transforms_are_fitted_on_train_and_tried_on_the_others():
    names = ["train"] * 30 + ["val"] * 20 + ["ood"] * 10
    split = split_of(noisy(0, 60), [30] * 60, articles=entries(names))
    diagnosis, reporter = look(split)
    retrieval = diagnosis.figures["retrieval"]
    assert (retrieval["fitted_on"], retrieval["articles"]) == ("train", 30)
    assert retrieval["windows"] == 30 * 25
    assert retrieval["best"] == "minus-1"
    gained = retrieval["transforms"]["minus-1"]["r@5"]
    assert diagnosis.change.startswith(
        "taking off the mean and the leading component, fitted on the train articles, changes "
        f"R@5 by {number(gained['difference'], signed=True)} ["
    )
    assert reporter.messages == []
    train, others = (split.take(np.arange(*ends)) for ends in ((0, 30), (30, 60)))
    expected = trial(others, (5, 1), transforms(moments(train)), 0)
    assert retrieval["transforms"] == expected["transforms"]


@pytest.mark.parametrize("split", ["", "train"])
def test_without_train_and_others_it_says_so(split):
    articles = entries([split] * 20)
    diagnosis, reporter = look(split_of(noisy(1, 20), [30] * 20, articles=articles))
    assert diagnosis.figures["retrieval"]["fitted_on"] == "all"
    assert diagnosis.figures["retrieval"]["articles"] == 20
    assert "fitted on all articles" in diagnosis.change
    (notice,) = reporter.messages
    assert notice.startswith("made has no train articles beside others")


def test_windows_are_limited_and_short_articles_left_out():
    split = split_of(sphere(30 * 30 + 19 * 10, 8), [30] * 30 + [19] * 10)
    assert look(split)[0].figures["retrieval"]["articles"] == 30
    few, _ = look(split, windows=100)
    assert few.figures["retrieval"]["windows"] == 100
    assert look(split, min_article=19)[0].figures["retrieval"]["articles"] == 40


def test_articles_that_are_too_short_are_reported():
    split = split_of(sphere(60, 5), [6] * 10)
    diagnosis, _ = look(split)
    assert diagnosis.figures["retrieval"]["reason"] == "no article has 20 chunks or more"
    assert diagnosis.change == (
        "what a transform would change is unknown: no article has 20 chunks or more"
    )
    assert diagnosis.figures["hubness"]["in_article"] == {"articles": 0}
    long = look(split, min_article=6, context=6)[0].figures["retrieval"]["reason"]
    assert long.startswith("made: no article has the 7 chunks that a window of K = 6")


def test_hubs_are_found_in_a_cube_of_many_dimensions():
    rows = np.random.default_rng(0).random((600, 200))
    diagnosis, _ = look(split_of(rows, [30] * 20), sample=600)
    store = diagnosis.figures["hubness"]["store"]
    assert store["value"] > 1
    assert store["ci"][0] > store["isotropic"]
    assert store["sample"] == 600
    assert store["largest"] > 40
    assert 0 < store["never"] < 0.5
    inside = diagnosis.figures["hubness"]["in_article"]
    assert inside["articles"] == 20
    assert inside["ci"][0] < inside["value"] < inside["ci"][1]


def test_norms_as_stored_and_as_the_encoder_gave_them(tmp_path: Path):
    rows = sphere(40, 6).astype(np.float32)
    norms = np.linspace(1, 5, 40)
    with write_store(tmp_path / "store", 6) as writer:
        for low in (0, 20):
            writer.add(rows[low : low + 20], norms=norms[low : low + 20])
            writer.end_article({"split": "val" if low else "train"})
    split = open_split(str(tmp_path / "store"))
    figures = look(split)[0].figures["norms"]
    assert figures["stored"]["mean"] == pytest.approx(1, abs=1e-6)
    assert (figures["encoder"]["q0"], figures["encoder"]["q1"]) == pytest.approx((1, 5))
    assert figures["encoder"]["q0.5"] == pytest.approx(3)
    later = look(open_split(f"{tmp_path}/store@val"))[0].figures["norms"]["encoder"]
    assert later["q0"] == pytest.approx(norms[20])
    other = replace(split, source={**split.source, "joined": []})
    assert "encoder" not in look(other)[0].figures["norms"]


def test_rows_of_other_norms_are_taken_as_stored():
    rows = sphere(60, 4) * np.linspace(2, 4, 60)[:, None]
    diagnosis, _ = look(split_of(rows, [30, 30]))
    assert diagnosis.figures["norms"]["stored"]["q0.5"] == pytest.approx(3, abs=0.02)
    same, _ = look(split_of(sphere(60, 4), [30, 30]))
    value = same.figures["spectrum"]["participation"]["value"]
    assert diagnosis.figures["spectrum"]["participation"]["value"] == pytest.approx(value, abs=1e-4)


def test_one_article():
    diagnosis, _ = look(split_of(sphere(40, 6), [40]))
    assert diagnosis.verdict == "ISOTROPIC"
    assert diagnosis.sentence.startswith("The mean chunk has norm .")
    assert np.isnan(diagnosis.figures["spectrum"]["participation"]["ci"]).all()
    assert "[nan" not in diagnosis.sentence + diagnosis.change
    lines, _ = look(split_of(np.ones(6) + 0.01 * sphere(40, 6), [40]))
    assert lines.verdict == "COLLAPSED"


@pytest.mark.parametrize("dim", [1, 2])
def test_few_dimensions(dim):
    diagnosis, _ = look(split_of(sphere(120, dim), [30] * 4))
    assert diagnosis.verdict == "ISOTROPIC"
    assert diagnosis.figures["retrieval"]["windows"] == 100


def test_one_chunk_has_no_geometry():
    with pytest.raises(DataError, match=r"made: holds 1 chunk\(s\)"):
        look(split_of(np.ones((1, 2)), [1]))
    assert look(split_of(np.eye(2), [1, 1]))[0].figures["chunks"] == 2


@pytest.mark.parametrize(
    "rows",
    [sphere(60, 5), np.ones((60, 8)), sphere(60, 1), np.eye(4)[:2]],
    ids=["sphere", "point", "line", "two"],
)
def test_every_store_can_be_drawn(rows, tmp_path: Path):
    diagnosis, _ = look(split_of(rows, [len(rows) // 2] * 2))
    spectrum, hubs = diagnosis.plot().axes
    assert spectrum.get_xlabel() == "component"
    assert hubs.get_xlabel() == "times among the 10 nearest of others"
    assert [len(axes.get_legend().get_texts()) for axes in (spectrum, hubs)] == [2, 2]
    diagnosis.plot().savefig(tmp_path / "plot.svg")


def test_the_same_seed_gives_the_same_figures():
    split = split_of(sphere(300, 5), [30] * 10)
    first, other, third = (look(split, seed=seed, sample=50)[0].figures for seed in (1, 1, 2))
    assert first == other
    assert first["hubness"]["store"] != third["hubness"]["store"]
