"""A class in a file as a plugin's record."""

from __future__ import annotations

import hashlib
import json
import textwrap

import pytest
from training.small import DATA, TINY

from lvmctl.core.errors import PluginError, UsageError
from lvmctl.registry import load_registry

SETTINGS = [f"--set={key}={value}" for key, value in TINY.items()]
LOSS = """
    from dataclasses import dataclass
    import torch
    from lvmctl import LossOutput
    from lvmctl import option

    class Angle(torch.nn.Module):
        '''Angle beyond a free one.

        More than a summary.
        '''
        needs = ("target", "last")

        @dataclass(frozen=True, kw_only=True)
        class Options:
            free: float = option(0.1, "free angle", low=0.0, high=3.0)

        def __init__(self, options):
            super().__init__()
            self.free = options.free

        def forward(self, prediction, batch, step):
            cosine = (prediction.q * batch.target).sum(-1).clamp(-0.999999, 0.999999)
            return LossOutput({"angle": (cosine.acos() - self.free).clamp_min(0)})

    class Thawed(Angle):
        Options = dict
"""


@pytest.fixture
def write(tmp_path):
    """``write(text, name)`` writes a Python file and returns its path."""

    def make(text: str, name: str = "mine.py"):
        path = tmp_path / name
        path.write_text(textwrap.dedent(text))
        return path

    return make


def test_what_the_class_says_is_the_record(write):
    path = write(LOSS)
    entry = load_registry().get("loss", f"{path}:Angle")
    assert entry.record.summary == "Angle beyond a free one."
    assert entry.record.needs == ("target", "last")
    assert entry.record.options.__name__ == "Options"
    assert entry.qualified == "mine/Angle"
    assert entry.saved == f"{path}:Angle"
    assert load_registry().resolve(entry).__name__ == "Angle"
    assert entry not in load_registry().entries("loss")


def test_a_file_may_have_any_name(write):
    registry = load_registry()
    entry = registry.get("loss", f"{write(LOSS, 'a:b c.py')}:Angle")
    assert registry.resolve(entry).__name__ == "Angle"


def test_a_class_that_makes_no_composition_is_no_recipe(write, run_cli, tmp_path):
    done = run_cli("train", "--plugin", f"{write(LOSS)}:Angle", "--data", DATA)
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "not a Composition" in done.stderr


def test_other_kinds_say_what_theirs_need(write):
    path = write("class Oldest:\n    'The oldest chunk.'\n    fitted = True\n    needs = 3\n")
    record = load_registry().get("baseline", f"{path}:Oldest").record
    assert (record.fitted, record.oracle, record.kind) == (True, False, "baseline")


@pytest.mark.parametrize(
    ("name", "error", "message"),
    [
        ("{path}:Angel", UsageError, "has no class Angel; did you mean Angle?"),
        ("{path}:option", UsageError, "has no class option"),
        ("gone/{name}:Angle", UsageError, "gone/mine.py: no such file"),
        ("{path}:Thawed", PluginError, "the options of Thawed are not a dataclass"),
    ],
)
def test_what_cannot_be_used_is_one_line(write, name, error, message):
    path = write(LOSS)
    with pytest.raises(error, match=message.replace("?", r"\?")):
        load_registry().get("loss", name.format(path=path, name=path.name))


def test_a_file_that_cannot_be_imported_is_named_every_time(write):
    path = write("import nothing_of_this_name\n")
    for _ in range(2):
        with pytest.raises(PluginError, match=r"mine.py: cannot be imported: ModuleNotFound"):
            load_registry().get("loss", f"{path}:Angle")


def test_a_run_is_trained_resumed_and_evaluated_with_it(write, run_cli, tmp_path):
    path = write(LOSS, "my.loss.py")
    words = ["train", "--plugin", "p8", "--data", DATA, "--epochs", 1, *SETTINGS, "--out", "run"]
    done = run_cli(*words, "--loss", "./my.loss.py:Angle:0.5", "--set", "Angle.free=0.2")
    assert done.returncode == 0, done.stderr
    assert "+ 0.5 × my.loss/Angle" in done.stderr
    saved = json.loads((tmp_path / "run/config.json").read_text())["losses"][-1]
    assert saved == {
        "name": f"{path}:Angle",
        "weight": "0.5",
        "options": {"free": 0.2},
        "package": f"{path} unpackaged",
        "added": True,
    }
    (tmp_path / "away").mkdir()
    words = ("train", "--resume", "../run", "--epochs", 2)
    resumed = run_cli(*words, "--trust-code", cwd=tmp_path / "away")
    assert resumed.returncode == 0, resumed.stderr
    history = json.loads((tmp_path / "run/training_history.json").read_text())
    assert history[1]["train"]["my.loss/Angle.loss_angle"] > 0
    assert run_cli("--trust-code", "eval", "retrieval", "run").returncode == 0
    path.unlink()
    gone = run_cli("eval", "retrieval", "run", "--trust-code")
    assert (gone.returncode, gone.stderr) == (
        2,
        f"error: {path}: no such file; restore it, or give its path\n",
    )


def test_a_model_of_a_file_takes_the_recipes_place(write, run_cli, tmp_path):
    write(
        """
        import torch
        from dataclasses import dataclass
        from lvmctl import Prediction
        from lvmctl.sphere import unit
        from lvmctl import option

        class Pull(torch.nn.Module):
            'The last chunk, moved by a linear map.'

            @dataclass(frozen=True, kw_only=True)
            class Options:
                width: int = option(3, "inner width", low=1, high=9999)

            def __init__(self, options, shape):
                super().__init__()
                self.down = torch.nn.Linear(shape.dim, options.width)
                self.up = torch.nn.Linear(options.width, shape.dim)

            def forward(self, context):
                last = context[:, -1]
                return Prediction(unit(last + self.up(self.down(last))))
        """
    )
    words = ["train", "--plugin", "p8", "--data", DATA, "--epochs", 1, *SETTINGS]
    done = run_cli(*words, "--model", "mine.py:Pull")
    assert done.returncode == 0, done.stderr
    assert "p8: mine/Pull | 1 × p8/listwise" in done.stderr
    (run,) = (tmp_path / "runs").iterdir()
    assert "_pull_" in run.name
    config = json.loads((run / "config.json").read_text())
    assert config["model"]["options"] == {"width": 16}  # the recipe's, which it shares
    assert config["origins"]["model"] == "command line"


def test_an_encoder_of_a_file_embeds_more_text_for_its_store(write, run_cli, tmp_path):
    write(
        """
        import numpy as np

        class Initials:
            'Which letters a text begins with.'
            fitted = True

            def __init__(self, options):
                self.letters = None

            def fit(self, texts):
                self.letters = np.array(sorted({ord(text[0]) for text in texts}))

            def encode(self, texts):
                rows = np.array([[ord(text[0]) == letter for letter in self.letters]
                                 for text in texts], np.float32) + 0.1
                return rows / np.linalg.norm(rows, axis=1, keepdims=True)

            def recipe(self):
                return {"name": "Initials"}

            def state(self):
                return {"letters": self.letters}

            def restore(self, arrays):
                self.letters = arrays["letters"]
        """
    )
    (tmp_path / "a.txt").write_text("One.\n\nTwo.\n\nThree.")
    (tmp_path / "b.txt").write_text("Only.\n\nNew.")
    first = run_cli("data", "embed", "a.txt", "--out", "one", "--encoder", "./mine.py:Initials")
    assert first.returncode == 0, first.stderr
    words = ("data", "embed", "b.txt", "--out", "two", "--encoder-from", "one")
    assert "names code that would be run" in run_cli(*words).stderr
    second = run_cli(*words, "--trust-code")
    assert second.returncode == 0, second.stderr
    shown = [json.loads((tmp_path / name / "store.json").read_text()) for name in ("one", "two")]
    assert [each["dim"] for each in shown] == [2, 2]


def test_two_losses_that_would_be_logged_alike_are_refused(write, run_cli, tmp_path):
    for folder in ("a", "b"):
        (tmp_path / folder).mkdir()
        write(LOSS, f"{folder}/mine.py")
    words = ["train", "--plugin", "p8", "--data", DATA, "--out", "run"]
    done = run_cli(*words, "--loss", "a/mine.py:Angle", "--loss", "b/mine.py:Angle")
    assert done.returncode == 2
    assert "two losses are logged as mine/Angle" in done.stderr
    assert not (tmp_path / "run").exists()


def test_describe_takes_a_file_too(write, run_cli):
    write(LOSS)
    done = run_cli("plugins", "describe", "./mine.py:Angle", "--kind", "loss")
    assert done.returncode == 0, done.stderr
    assert "free angle" in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ("eval", "retrieval", "run"),
        ("eval", "5cat", "run"),
        ("train", "--resume", "run"),
        ("diagnose", "run", "run"),
        ("experiments", "show", "received"),
        ("experiments", "show", "recipe"),
        ("experiments", "show", "model"),
        ("experiments", "validate"),
        ("train", "--experiment", "received"),
        ("train", "--resume", "sweep"),
    ],
)
def test_code_that_a_received_file_names_is_shown_and_not_run(write, run_cli, tmp_path, words):
    path = write("from pathlib import Path\nPath('was_run').touch()\n" + LOSS)
    done = run_cli(
        "train", "--plugin", "p8", "--data", DATA, "--epochs", 1, *SETTINGS, "--out", "run"
    )
    assert done.returncode == 0, done.stderr
    config = json.loads((tmp_path / "run/config.json").read_text())
    config["losses"][0]["name"] = f"{path}:Angle"
    (tmp_path / "run/config.json").write_text(json.dumps(config))
    (tmp_path / "run/hashes.json").unlink()  # who sends code sends no hashes that refuse it
    (tmp_path / "experiments.toml").write_text(
        f'[received]\nrecipe = "p8"\nlosses = ["{path}:Angle:0.5"]\n'
        f'[recipe]\nrecipe = "{path}:Angle"\n'
        f'[model]\nrecipe = "p8"\nmodel = "{path}:Angle"\n'
    )
    (tmp_path / "sweep").mkdir()
    request = {"recipe": "p8", "losses": [f"{path}:Angle"]}
    saved = {"format": "lvmctl.grid/1", "request": request, "directory": str(tmp_path)}
    (tmp_path / "sweep/grid.json").write_text(json.dumps(saved))
    found = run_cli(*words)
    # A diagnosis says what it could not look at, and judges the rest.
    assert found.returncode == (0 if words[0] == "diagnose" else 2), found.stderr
    digest = hashlib.sha256(path.read_bytes()).hexdigest()[:16]
    said = "".join(f"{found.stdout}{found.stderr}".split())  # a table breaks lines
    assert f"namescodethatwouldberun,{path}:Angle(SHA-256{digest}…)" in said
    assert "--trust-code" in said
    assert not (tmp_path / "was_run").exists()
