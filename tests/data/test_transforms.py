"""Transforms do what their names say, to the articles of a split and to no other rows."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from made import sphere, split_of

from lvmctl.config import TRANSFORMS
from lvmctl.core.errors import DataError, RunError
from lvmctl.data import Split, Windows
from lvmctl.data.moments import moments
from lvmctl.data.store import arrays
from lvmctl.data.store.arrays import unit64
from lvmctl.data.transforms import Transform, apply_transform, fit, read_backward, transforms


def leaning(seed: int = 0, dim: int = 8, count: int = 600) -> Split:
    """Chunks around a mean, with variances 16, 4, 1, 1, …."""
    rng = np.random.default_rng(seed)
    scale = np.r_[4.0, 2.0, np.ones(dim - 2)]
    return split_of(rng.standard_normal((count, dim)) * scale + 3, [20] * (count // 20))


def before_scaling(split: Split, transform: Transform) -> np.ndarray:
    """(x − mean)·matrix in float64."""
    shifted = unit64(split.vectors) - transform.mean
    return shifted if transform.matrix is None else shifted @ transform.matrix


def test_centred_takes_the_mean_off():
    split = leaning()
    centred = transforms(moments(split))["centred"]
    assert before_scaling(split, centred).mean(axis=0) == pytest.approx(0, abs=1e-6)
    rows = unit64(split.vectors)
    expected = unit64(rows - rows.mean(axis=0))
    assert centred(rows.astype(np.float32)) == pytest.approx(expected, abs=1e-5)


def test_minus_n_leaves_nothing_on_the_leading_axes():
    split = leaning()
    rows = unit64(split.vectors)
    _, axes = np.linalg.eigh(np.cov(rows.T))
    for removed in (1, 2, 3):
        transform = transforms(moments(split))[f"minus-{removed}"]
        left = transform(rows.astype(np.float32))
        assert left @ axes[:, -removed:] == pytest.approx(0, abs=1e-4)
        assert np.linalg.norm(left, axis=1) == pytest.approx(1, abs=1e-5)
        assert (left @ axes[:, :-removed]).std(axis=0).min() > 0.1


def test_whitened_has_the_same_variance_along_every_axis():
    split = leaning()
    white = before_scaling(split, transforms(moments(split))["whitened"])
    assert white.T @ white / len(white) == pytest.approx(np.eye(8), abs=1e-3)


def test_axes_without_variance_are_not_blown_up():
    rows = np.hstack([leaning(dim=4).vectors, np.zeros((600, 3))])
    by_name = transforms(moments(split_of(rows, [600])))
    # The three empty axes are dropped: what lies along them is not blown up, but gone.
    assert np.linalg.matrix_rank(by_name["whitened"].matrix) == 4
    assert np.abs(by_name["whitened"].matrix[4:]).max() < 1e-4
    assert "minus-3" in by_name


@pytest.mark.parametrize(
    ("rows", "names"),
    [
        (np.array([[1.0, 0], [0, 1], [1, 1], [-1, 0]]), ["centred", "minus-1", "whitened"]),
        (np.array([[1.0, 0], [0, 1]]), ["centred"]),
        (np.array([[1.0, 0], [1, 0]]), ["centred"]),
    ],
    ids=["plane", "line", "point"],
)
def test_only_transforms_that_leave_something(rows, names):
    assert list(transforms(moments(split_of(rows, [len(rows)])))) == names


def test_a_chunk_of_which_nothing_is_left_has_no_direction():
    centred = Transform("centred", np.array([1, 0], np.float32))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        rows = centred(np.array([[1, 0], [0, 1]], np.float32))
    assert np.isnan(rows[0]).all()
    assert rows[1] == pytest.approx([-(0.5**0.5), 0.5**0.5])


def test_moved_keeps_rows_and_articles_and_leaves_other_rows_empty(monkeypatch):
    whole = leaning()
    split = whole.take(np.array([3, 1]))
    monkeypatch.setattr(arrays, "BLOCK_BYTES", 7 * 8 * 8)
    transform = fit("centred", split)
    result = apply_transform(split, transform)
    assert result.starts.tolist() == split.starts.tolist() == [60, 20]
    assert [article["id"] for article in result.articles] == [3, 1]
    rows = np.r_[60:80, 20:40]
    assert result.vectors.shape == whole.vectors.shape
    assert result.vectors[rows] == pytest.approx(transform(unit64(whole.vectors[rows])), abs=1e-6)
    assert not np.delete(result.vectors, rows, axis=0).any()
    assert result.source == {**split.source, "transform": "centred"}


def test_windows_of_transformed_chunks_are_the_same_windows():
    split = leaning().take(np.array([4, 2, 9]))
    raw = Windows(split, 5, 2)
    after = Windows(apply_transform(split, fit("minus-2", leaning(1))), 5, 2)
    assert np.array_equal(raw.rows, after.rows)
    index = np.arange(len(raw))
    transform = fit("minus-2", leaning(1))
    assert after.target(index) == pytest.approx(transform(raw.target(index)), abs=1e-6)


@pytest.mark.parametrize("name", TRANSFORMS)
def test_what_is_saved_is_what_is_loaded(name, tmp_path):
    transform, path = fit(name, leaning()), tmp_path / "transform.npz"
    transform.save(path)
    rows = unit64(leaning(3).vectors)
    again = Transform.load(path)
    assert again.name == name
    assert np.array_equal(again(rows), transform(rows))


@pytest.mark.parametrize("content", [None, b"", b"PK\x03\x04 broken", b"\x93NUMPY", "no mean"])
def test_a_damaged_file_is_one_line(content, tmp_path):
    path = tmp_path / "transform.npz"
    if content == "no mean":
        np.savez(path, name=np.array("centred"))
    elif content is not None:
        path.write_bytes(content)
    with pytest.raises(RunError, match="cannot be read"):
        Transform.load(path)


def test_too_few_directions_are_refused_with_what_there_is():
    with pytest.raises(DataError, match=r"too few directions.*centred or minus-1 or whitened"):
        fit("minus-3", split_of(np.array([[1.0, 0], [0, 1], [1, 1], [-1, 0]]), [4]))


def test_a_chunk_of_which_nothing_is_left_is_refused():
    split = split_of(np.array([[1.0, 0], [1, 0]]), [2])
    with pytest.raises(DataError, match="nothing is left of a chunk after transform centred"):
        apply_transform(split, fit("centred", split))


def test_another_width_is_refused():
    with pytest.raises(DataError, match="has dimension 4, the transform 8"):
        apply_transform(leaning(dim=4), fit("centred", leaning()))


def test_articles_are_read_backward_and_rows_of_the_store_are_known():
    split = split_of(sphere(12, 3), [4, 1, 7])
    turned = read_backward(split)
    for number, (start, length) in enumerate(zip(split.starts, split.lengths)):
        rows = slice(start, start + length)
        assert np.array_equal(turned.vectors[rows], split.vectors[rows][::-1])
        for row in range(start, start + length):
            there = turned.store_row(number, row)
            assert np.array_equal(split.vectors[there], turned.vectors[row])
            assert split.store_row(number, row) == row
    assert turned.source["direction"] == "backward"
    again = read_backward(turned)
    assert np.array_equal(again.vectors, split.vectors)
    assert (turned.backward, again.backward) == (True, False)
