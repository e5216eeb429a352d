"""What the operating system must have for lvmctl to be imported: nothing that Windows lacks."""

from __future__ import annotations

import subprocess
import sys

ELSEWHERE = """
import importlib, os, pkgutil, signal, sys
import click, filelock, hypothesis, matplotlib.figure, pluggy, pytest, torch, tqdm  # theirs
for name in ("fcntl", "grp", "posix", "pwd", "resource", "termios"):
    sys.modules[name] = None
for name in ("SIGKILL", "SIGHUP", "SIGPIPE", "SIGVTALRM", "SIGXFSZ", "pthread_kill"):
    delattr(signal, name)
for name in ("fork", "geteuid", "killpg", "sched_getaffinity", "sysconf"):
    delattr(os, name)
import lvmctl
for module in pkgutil.walk_packages(lvmctl.__path__, "lvmctl."):
    if not module.name.endswith("__main__"):
        importlib.import_module(module.name)
        print(module.name)
"""


def test_every_module_can_be_imported_where_there_is_no_posix():
    ended = subprocess.run([sys.executable, "-c", ELSEWHERE], capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr
    assert "lvmctl.core.run_directory" in ended.stdout.split()
    assert "lvmctl.training.sweep.pool" in ended.stdout.split()
