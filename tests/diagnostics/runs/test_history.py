"""Records of a training as they are found: whole, damaged, sparse."""

from __future__ import annotations

import json

import pytest
from diagnostics.histories import METRICS

from lvmctl.core.errors import RunError
from lvmctl.diagnostics.runs.history import History, Point, read_history

HISTORY = History([], metrics=METRICS)


def record(epoch, **parts):
    return {"epoch": epoch, **parts}


def written(path, content):
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_a_curve_keeps_finite_values_with_their_epochs():
    history = History(
        [
            record(1, val={"margin": {"last": -0.1}}),
            record(2, train={"loss": 1}),
            record(3, val={"margin": {"last": float("nan")}}),
            record(4, val={"margin": {"last": "high"}}),
            record(5, val={"margin": {"last": True}}),
            record(6, val={"margin": {"last": -0.2}}),
        ]
    )
    assert history.curve("val.margin.last") == [Point(1, -0.1), Point(6, -0.2)]
    assert history.last("val.margin.last") == -0.2
    assert history.last("val.nothing") is None


@pytest.mark.parametrize(
    ("path", "edges", "beyond"),
    [
        ("val.cos_next", (-1.005, 1.005), (-1.02, 1.02, 1e308)),
        ("val.cos_anchor", (-1, 1), (-1.5, 3)),
        ("raw_anchor_cosine", (-1, 1), (9, -2)),
        ("val.cos_prev.last", (-1, 1), (1.5, -1.5)),
        ("val.margin", (-2, 2), (2.1, -2.1)),
        ("val.margin.last", (-2, 2), (2.1, -2.1)),
        ("val.direct.r@5", (0, 1), (-0.01, 1.01)),
        ("val.mrr@10", (0, 1), (-0.01, 1.01)),
        ("val.chance_r@5", (0, 1), (-3, 1.5)),
        ("val.order_accuracy", (0, 1), (-0.01, 1.01)),
        ("anchor_lambda", (0, 1), (-0.01, 7)),
        ("val.windows", (0, 1e9), (-100,)),
        ("val.in_article_windows", (0, 1e9), (-1,)),
        ("train.loss", (-1e308, 1e308), (float("inf"), 10**400)),
    ],
)
def test_a_figure_that_cannot_be_is_missing(path, edges, beyond):
    for value in edges:
        assert HISTORY.number({path: value}, path) == value
    for value in beyond:
        assert HISTORY.number({path: value}, path) is None


def test_figures_that_cannot_be_are_listed_by_their_newest_value():
    history = History(
        [
            record(1, val={"cos_next": 5, "direct": {"r@5": -1}, "loss": 99.0}),
            record(2, val={"cos_next": 6, "margin.last": 0.1, "cos_anchor": float("nan")}),
            record(3, val={"cos_next": 0.5}),
        ]
    )
    assert history.impossible() == [("val.cos_next", (2, 6)), ("val.direct.r@5", (1, -1))]


def test_alternative_paths_are_tried_at_each_epoch():
    history = History([record(1, val={"a": 1}, a=5), record(2, a=6)])
    assert history.curve("val.a|a") == [Point(1, 1.0), Point(2, 6.0)]


def test_a_key_may_hold_a_dot():
    assert HISTORY.number({"val": {"a.b": 2}}, "val.a.b") == 2
    assert HISTORY.number({"val": {"r@5": 0.5}}, "val.r@5") == 0.5
    assert HISTORY.number({"val": [1]}, "val.0") is None


def test_terms_are_losses_and_not_shares_of_losses():
    parts = {"loss": 1, "loss_mse": 1, "loss_share": 0.1, "loss_share_target": 0.2, "pos": 1}
    assert History([record(1, train=parts)], metrics=METRICS).terms("train") == ["loss_mse"]


def test_events_seen_are_terms_that_come_and_go_and_steps_of_targets():
    history = History(
        [
            record(1, train={"loss_a": 1, "loss_t": 1, "loss_share_target": 0.1}),
            record(2, train={"loss_a": 1, "loss_t": 1, "loss_share_target": 0.1 + 1e-9}),
            record(3, train={"loss_a": 1, "loss_b": 1, "loss_share_target": 0.2}),
        ],
        metrics=METRICS,
    )
    assert history.events() == [
        (3, "loss_b begins"),
        (3, "loss_share_target .1 → .2"),
        (3, "loss_t ends"),
    ]


def test_events_planned_are_jumps_and_ramp_ends_within_the_training():
    losses = [
        {"name": "p7/teacher-floor", "weight": "0.2,3=0"},
        {"name": "a/ramped", "weight": "0,2~.5,9=1"},
        {"name": "a/constant", "weight": "1"},
        {"name": "a/broken", "weight": "no"},
        {"nothing": 1},
        None,
    ]
    history = History([record(e) for e in (1, 2, 3, 4)], {"losses": losses})
    assert history.events() == [
        (3, "weight of ramped stays at 0.5"),
        (3, "weight of teacher-floor 0.2 → 0"),
    ]


def test_records_are_put_in_order_and_the_newer_of_an_epoch_is_kept(tmp_path):
    path = written(tmp_path / "h.json", [record(2, a=1), record(1), record(2, a=3)])
    history = read_history(path)
    assert history.epochs == [1, 2]
    assert history.last("a") == 3


def test_epochs_that_are_missing_are_counted(tmp_path):
    assert read_history(written(tmp_path / "h.json", [{"val": {}}, {}])).epochs == [1, 2]


def test_a_list_under_a_name_and_a_single_record_are_read(tmp_path):
    assert read_history(written(tmp_path / "h.json", {"history": [record(1)]})).epochs == [1]
    assert read_history(written(tmp_path / "h.json", record(4))).epochs == [4]


def test_a_directory_gives_its_config(tmp_path):
    written(tmp_path / "training_history.json", [record(1)])
    written(tmp_path / "config.json", {"options": {"lr": 1}})
    assert read_history(tmp_path).options() == {"lr": 1}
    written(tmp_path / "config.json", "[]")
    assert read_history(tmp_path).options() == {}


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("", "is not JSON"),
        ('[{"epoch": 1', "is not JSON"),
        ("[" * 100_000, "is JSON of endless brackets"),
        ("[]", "no epoch was finished"),
        ("3", "is not a training history"),
        ("[1, 2]", "is not a training history"),
        ("null", "is not a training history"),
    ],
)
def test_what_is_no_history_is_reported_in_one_line(tmp_path, content, message):
    with pytest.raises(RunError, match=message) as caught:
        read_history(written(tmp_path / "h.json", content))
    assert "\n" not in str(caught.value)


def test_what_is_missing_is_named(tmp_path):
    with pytest.raises(RunError, match="no such run"):
        read_history(tmp_path / "none")
    with pytest.raises(RunError, match=r"training_history\.json: the file is missing"):
        read_history(tmp_path)


def test_bytes_that_are_no_text_are_reported(tmp_path):
    (tmp_path / "h.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunError, match="cannot be read"):
        read_history(tmp_path / "h.json")


def test_options_of_groups_by_name_and_by_path():
    options = {"epochs": 3, "heads": 7, "sequence": {"heads": 2, "width": 8, "inner": {"x": 1}}}
    values = History([record(1)], {"options": options}).options()
    assert (values["epochs"], values["heads"], values["width"], values["x"]) == (3, 7, 8, 1)
    assert (values["sequence.heads"], values["sequence.inner.x"]) == (2, 1)
    assert History([record(1)], {"options": 3}).options() == {}


def test_a_history_that_is_read_knows_what_plugins_say_of_metrics(tmp_path):
    path = written(tmp_path / "h.json", [record(1, val={"order_accuracy": 1.5})])
    history = read_history(path)
    assert history.last("val.order_accuracy") is None
    assert history.impossible() == [("val.order_accuracy", Point(1, 1.5))]
    assert {"loss_share_target", "selected"} <= {*history.scheduled}


def test_flat_histories_of_the_published_project_are_read(tmp_path):
    entries = [
        {"epoch": 0, "train_loss": 0.9, "train_cosine": 0.30, "val_loss": 0.8, "val_cosine": 0.35},
        {"epoch": 1, "train_loss": 0.7, "train_cosine": 0.41, "val_loss": 0.7, "val_cosine": 0.44},
    ]
    content = {"model_type": "transformer", "history": [e | {"lr": 5e-4} for e in entries]}
    history = read_history(written(tmp_path / "training_history.json", content))
    assert history.curve("val.cos_next") == [Point(0, 0.35), Point(1, 0.44)]
    assert history.curve("train.loss") == [Point(0, 0.9), Point(1, 0.7)]
    assert history.last("lr") == 5e-4
    both = {"epoch": 1, "val_cosine": 0.1, "val": {"cos_next": 0.4}}
    assert read_history(written(tmp_path / "h.json", [both])).last("val.cos_next") == 0.4
