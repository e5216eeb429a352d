"""A plugin that hangs is named and ended; one that does not is left alone."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time

import pluggy
import pytest

from lvmctl.core.errors import UsageError
from lvmctl.registry import hookspecs
from lvmctl.registry.declare import declare
from lvmctl.registry.find import Found
from lvmctl.registry.watchdog import LONGEST, SECONDS, VARIABLE, Watchdog, patience

FOUND = Found("slow", "lvmctl-slow", "1.0", "slow_pkg")

HOOK = "from lvmctl.plugins import *\nLVMCTL_API = 1\n@hookimpl\ndef lvmctl_losses():\n"
HANGS = {
    "sleeps": "import time\ntime.sleep(3600)",
    "computes": "while True: pass",
    "ignores exceptions": "import time\nwhile True:\n"
    "    try: time.sleep(3600)\n    except Exception: pass",
    "tries again": "import time\nwhile True:\n"
    "    try: time.sleep(3600)\n    except: time.sleep(0.3)",
    "waits for a lock": "import threading\nlock = threading.Lock()\nlock.acquire()\nlock.acquire()",
    "waits for a process": "import subprocess\nsubprocess.run(['sleep', '3600'])",
    "waits for input": "import os\nread, _ = os.pipe()\nos.read(read, 1)",
    "waits in a library": "import ctypes\nctypes.CDLL(None).pause()",
    "hangs in a hook": HOOK + "    while True: pass",
}


@pytest.fixture
def loaded(install, site, monkeypatch):
    """``loaded(text)`` declares a plugin of this text."""

    def load(text: str):
        install("lvmctl-slow", {"slow": "slow_pkg"}, {"slow_pkg.py": text})
        monkeypatch.syspath_prepend(str(site))
        manager = pluggy.PluginManager("lvmctl")
        manager.add_hookspecs(hookspecs)
        return declare(FOUND, manager)

    return load


@pytest.mark.parametrize("how", HANGS)
def test_a_hang_is_named_and_ends(how, loaded, monkeypatch, capfd):
    monkeypatch.setenv(VARIABLE, "0.1")
    begin = time.monotonic()
    plugin = loaded(HANGS[how])
    assert 0.3 <= time.monotonic() - begin < 3
    assert plugin.status == "broken"
    assert plugin.error.startswith("did not load within 0.3 s; set LVMCTL_IMPORT_TIMEOUT above 0.1")
    assert "slow_pkg.py" in plugin.traceback
    assert capfd.readouterr().err == (
        "lvmctl: plugin slow (lvmctl-slow 1.0) has been loading for 0.1 s; it is left out after "
        "0.3 s, Ctrl-C does so now, LVMCTL_DISABLE_PLUGINS=slow keeps it out\n"
    )


def test_a_slow_plugin_is_named_and_used(loaded, monkeypatch, capfd):
    monkeypatch.setenv(VARIABLE, "0.2")
    plugin = loaded("import time\ntime.sleep(0.35)\n" + HOOK + "    return []")
    assert plugin.status == "ok"
    assert "has been loading for 0.2 s" in capfd.readouterr().err


def test_a_quick_plugin_is_not_named(loaded, capfd):
    assert loaded(HOOK + "    return []").status == "ok"
    assert capfd.readouterr().err == ""


def test_a_signal_that_another_plugin_was_meant_to_get_ends_nothing():
    for seconds in (0.02, 10):
        with Watchdog(FOUND, seconds):
            signal.pthread_kill(threading.main_thread().ident, signal.SIGVTALRM)
        signal.pthread_kill(threading.main_thread().ident, signal.SIGVTALRM)


IN_A_THREAD = """
import threading, time
from lvmctl.registry.find import Found
from lvmctl.registry.watchdog import Watchdog

def load():
    with Watchdog(Found("slow", "lvmctl-slow", "1.0", "slow_pkg"), 0.02):
        time.sleep(0.2)

thread = threading.Thread(target=load)
thread.start()
thread.join()
"""


def test_outside_the_main_thread_it_is_named_only():
    result = subprocess.run([sys.executable, "-c", IN_A_THREAD], capture_output=True, text=True)
    assert result.returncode == 0
    assert result.stderr == (
        "lvmctl: plugin slow (lvmctl-slow 1.0) has been loading for 0.02 s; "
        "LVMCTL_DISABLE_PLUGINS=slow keeps it out\n"
    )


def test_what_cannot_be_interrupted_is_said(capfd):
    with Watchdog(FOUND, 0.02):
        signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGVTALRM])
        time.sleep(1.6)
        taken = signal.sigtimedwait([signal.SIGVTALRM], 0)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGVTALRM])
    assert taken is not None
    said = capfd.readouterr().err.splitlines()[1:]
    assert said == [
        f"lvmctl: plugin slow (lvmctl-slow 1.0) cannot be interrupted: kill process {os.getpid()}; "
        "LVMCTL_DISABLE_PLUGINS=slow keeps it out"
    ]


def interrupted(site, env, number: int, after: str) -> subprocess.Popen:
    """``plugins list`` while a plugin hangs, sent a signal once ``after`` is on stderr."""
    process = subprocess.Popen(
        [sys.executable, "-m", "lvmctl", "plugins", "list"],
        env=env | {"PYTHONPATH": str(site)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    while after not in process.stderr.readline():
        assert process.poll() is None
    process.send_signal(number)
    process.out, process.err = process.communicate(timeout=30)
    return process


HANGING = "import sys, time\nprint('waiting', file=sys.stderr, flush=True)\ntime.sleep(3600)"


def test_ctrl_c_ends_the_command_as_long_as_nothing_hangs(install, cli_env):
    site = install("lvmctl-slow", {"slow": "slow_pkg"}, {"slow_pkg.py": HANGING})
    ended = interrupted(site, cli_env, signal.SIGINT, "waiting")
    assert (ended.returncode, ended.out, ended.err) == (130, "", "error: interrupted\n")


def test_ctrl_c_leaves_out_a_plugin_that_hangs(install, cli_env):
    site = install("lvmctl-slow", {"slow": "slow_pkg"}, {"slow_pkg.py": HANGING})
    ended = interrupted(site, cli_env | {VARIABLE: "0.5"}, signal.SIGINT, "Ctrl-C does so now")
    assert (ended.returncode, ended.err) == (0, "")
    (row,) = [line for line in ended.out.splitlines() if line.startswith("slow ")]
    assert "interrupted after" in row


def test_a_termination_ends_the_command_even_then(install, cli_env):
    site = install("lvmctl-slow", {"slow": "slow_pkg"}, {"slow_pkg.py": HANGING})
    ended = interrupted(site, cli_env | {VARIABLE: "0.5"}, signal.SIGTERM, "Ctrl-C does so now")
    assert (ended.returncode, ended.out) == (143, "")


def test_how_long_it_waits_comes_from_the_environment(monkeypatch):
    monkeypatch.delenv(VARIABLE, raising=False)
    assert patience() == SECONDS
    monkeypatch.setenv(VARIABLE, "")
    assert patience() == SECONDS
    monkeypatch.setenv(VARIABLE, "2.5")
    assert patience() == 2.5


@pytest.mark.parametrize("text", ["0", "-1", "nan", "inf", "soon", str(LONGEST + 1)])
def test_a_time_that_is_none_is_refused(text, monkeypatch):
    monkeypatch.setenv(VARIABLE, text)
    with pytest.raises(UsageError, match=f"^{VARIABLE}: {text!r} is not a number of seconds; give"):
        patience()


def test_a_wrong_time_is_one_line(run_cli):
    result = run_cli("plugins", "list", env={VARIABLE: "soon"})
    assert (result.returncode, result.stderr.count("\n")) == (2, 1)
