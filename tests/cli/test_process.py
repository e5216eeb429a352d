"""Closed streams, narrow encodings, full disks and SIGTERM."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys

import pytest

from lvmctl.cli.train.trial import COMMAND

LVMCTL = [sys.executable, "-m", "lvmctl"]

PLUGIN = """
import atexit, os, signal, time, warnings, click
from lvmctl import CommandSpec, hookimpl

@hookimpl
def lvmctl_commands():
    return [CommandSpec(name="go", summary="s", target=__name__ + ":go")]

@click.command()
def go():
"""

WAITING = """
    try:
        print("ready", flush=True)
        time.sleep(600)
    finally:
        print("cleaned", flush=True)
"""

LEAVING = """
    signal.signal(signal.SIGINT, signal.default_int_handler)
    atexit.register(os.kill, os.getpid(), signal.SIGINT)
"""


FULL = pytest.mark.skipif(not os.path.exists("/dev/full"), reason="there is no /dev/full here")


@pytest.fixture
def in_shell(cli_env, tmp_path):
    """``in_shell("--help >&-", NAME=value)``: a command line with the shell's own redirections."""

    def run(line: str, **env: str) -> subprocess.CompletedProcess[str]:
        command = f"{' '.join(LVMCTL)} {line}"
        return subprocess.run(
            command, shell=True, capture_output=True, text=True, cwd=tmp_path, env=cli_env | env
        )

    return run


@pytest.fixture
def going(install):
    """``going(body)`` installs a command ``go`` that does this; the environment that has it."""
    return lambda body: {
        "PYTHONPATH": str(install("lvmctl-w", {"w": "w"}, {"w.py": PLUGIN + body}))
    }


@pytest.mark.parametrize("line", ["--help", "experiments list", "plugins list --json"])
@pytest.mark.parametrize("closed", [">&-", "2>&-", "<&- >&- 2>&-"])
def test_a_closed_stream_changes_nothing_else(line, closed, in_shell):
    result = in_shell(f"{line} {closed}")
    assert result.returncode == 0
    assert result.stderr == ""
    assert bool(result.stdout) == (closed == "2>&-")


@FULL
def test_an_error_keeps_its_code_when_nobody_can_read_it(in_shell):
    assert in_shell("experiments show nothing 2>&-").returncode == 2
    assert in_shell("experiments show nothing 2>/dev/full").returncode == 2


def test_a_file_never_takes_the_place_of_a_closed_stream(in_shell, tmp_path):
    result = in_shell("data synth iid --articles 30 --out store 2>&- >&-")
    assert result.returncode == 0
    assert in_shell("data info store --json").returncode == 0


@FULL
def test_a_full_disk_under_stdout_is_reported_once(in_shell):
    result = in_shell("--help >/dev/full")
    assert (result.returncode, result.stderr) == (6, "error: No space left on device\n")


@pytest.mark.parametrize("encoding", ["latin-1", "ascii", "cp1252:strict"])
def test_an_encoding_without_a_character_costs_nothing(encoding, in_shell, tmp_path):
    (tmp_path / "mine.toml").write_text("['α']\nrecipe = 'p8'\nsummary = 'α → β'\n", "utf-8")
    assert in_shell("experiments list --file mine.toml", PYTHONIOENCODING=encoding).returncode == 0
    shown = in_shell("experiments list --file mine.toml --json", PYTHONIOENCODING=encoding)
    assert json.loads(shown.stdout)["experiments"][0]["summary"] == "α → β"
    wrong = in_shell("experiments show β --file mine.toml", PYTHONIOENCODING=encoding)
    assert (wrong.returncode, wrong.stderr.count("\n")) == (2, 1)


@pytest.mark.parametrize("args", [("--help",), ("plugins", "list")], ids=" ".join)
def test_a_closed_pipe_is_quiet(args, cli_env, tmp_path):
    read, write = os.pipe()
    os.close(read)
    command = [*LVMCTL, *args]
    result = subprocess.run(
        command, stdout=write, stderr=subprocess.PIPE, cwd=tmp_path, env=cli_env, text=True
    )
    os.close(write)
    assert (result.returncode, result.stderr) == (141, "")


@pytest.mark.parametrize(
    ("number", "line"), [(signal.SIGTERM, "terminated"), (signal.SIGINT, "interrupted")]
)
def test_a_signal_unwinds_with_one_line(number, line, going, cli_env, tmp_path):
    with subprocess.Popen(
        [*LVMCTL, "go"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
        env=cli_env | going(WAITING),
        # What starts tests in the background may have SIGINT ignored.
        preexec_fn=lambda: signal.signal(number, signal.SIG_DFL),
    ) as process:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(number)
        out, err = process.communicate(timeout=600)
    assert (process.returncode, out, err) == (128 + number, "cleaned\n", f"error: {line}\n")


@pytest.mark.parametrize("how", [LVMCTL, COMMAND], ids=["a command", "a trial"])
def test_ctrl_c_while_the_command_is_imported_is_one_line(how, cli_env, tmp_path):
    (tmp_path / "click.py").write_text(
        "import os, signal, time\nos.kill(os.getpid(), signal.SIGINT)\ntime.sleep(60)\n"
    )
    done = subprocess.run(
        how,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=cli_env | {"PYTHONPATH": str(tmp_path)},
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
    )
    assert (done.returncode, done.stdout, done.stderr) == (130, "", "error: interrupted\n")


def test_ctrl_c_while_python_shuts_down_is_let_pass(going, in_shell):
    done = in_shell("go", **going(LEAVING))
    assert (done.returncode, done.stderr) == (0, "")


def test_an_ignored_sigterm_stays_ignored(cli_env, tmp_path):
    code = (
        "import os, signal\nfrom lvmctl.cli.process import unwinding\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "with unwinding():\n    os.kill(os.getpid(), signal.SIGTERM)\n"
    )
    assert subprocess.run([sys.executable, "-c", code], env=cli_env).returncode == 0


def test_a_warning_is_one_line_without_a_place_in_the_source(going, in_shell):
    done = in_shell("go", **going('    warnings.warn("two lines\\nof a warning")'))
    assert (done.returncode, done.stderr) == (0, "warning: two lines of a warning\n")


def test_who_calls_main_in_python_hears_ctrl_c_afterwards():
    code = (
        "import signal\n"
        "from lvmctl.cli.main import main\n"
        "signal.signal(signal.SIGINT, signal.default_int_handler)\n"
        "try:\n    main(['--version'])\nexcept SystemExit:\n    pass\n"
        "assert signal.getsignal(signal.SIGINT) is signal.default_int_handler\n"
    )
    subprocess.run([sys.executable, "-P", "-c", code], check=True, capture_output=True)
