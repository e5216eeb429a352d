"""An executable that does what ``python`` does, in a process forked from one that has torch loaded.

It can be started, heard, interrupted and killed like an interpreter, in hundredths of its time. A
server waits at a socket; the executable sends it its words, its directory, its environment and its
streams, passes signals on, and ends as the forked process ends. Where it is killed, that process is
killed, too.
"""

from __future__ import annotations

import json
import os
import select
import signal
import socket
import sys
from collections.abc import Callable
from contextlib import suppress

SIGNALS = (signal.SIGINT, signal.SIGTERM)
PATIENCE_S = 600.0
"""How long a server may take to listen, on however busy a machine."""
PROGRAM = """\
#!{python} -IS
import sys
sys.path.insert(0, {here!r})
from launched import launch
launch({address!r}, sys.argv)
"""


_kept: list[object] = []
"""What lives as long as this process."""


def is_possible() -> bool:
    """Whether this system can watch a process and its client at once."""
    return hasattr(os, "pidfd_open")


def python(start: Callable[[str], object]) -> str:
    """The executable of a server that lives as long as this process.

    Args:
        start: has a process :func:`serve` at an address.
    """
    import time  # late: the executable starts in no time
    from pathlib import Path
    from tempfile import TemporaryDirectory

    place = TemporaryDirectory(prefix="lvmctl-", ignore_cleanup_errors=True)
    address = f"{place.name}/socket"
    start(address)
    owner, until = socket.socket(socket.AF_UNIX), time.monotonic() + PATIENCE_S
    while owner.connect_ex(address) and time.monotonic() < until:
        time.sleep(0.01)
    _kept.extend([place, owner])
    program = Path(place.name, "python")
    here = str(Path(__file__).parent)
    program.write_text(PROGRAM.format(python=sys.executable, here=here, address=address))
    program.chmod(0o755)
    return str(program)


def launch(address: str, argv: list[str]) -> None:
    """Have the server at ``address`` run Python with ``argv``, and end as it ends."""
    server = socket.socket(socket.AF_UNIX)
    server.connect(address)
    request = json.dumps([argv, os.getcwd(), dict(os.environ)])
    socket.send_fds(server, [b"."], [0, 1, 2])
    server.sendall(f"{request}\n".encode())
    answers = server.makefile()
    process = int(answers.readline())

    def pass_on(number: int, _: object) -> None:
        with suppress(ProcessLookupError):  # it has just ended
            os.kill(process, number)

    for number in SIGNALS:
        signal.signal(number, pass_on)
    code = int(answers.readline())
    if code < 0:
        if -code in SIGNALS:
            signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    os._exit(code)


def serve(address: str, path: list[str]) -> None:
    """Run what is asked for at ``address`` until whoever connected first is gone.

    Args:
        path: where processes import from, after what their environment says.
    """
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(address)
    listener.listen(64)
    listener.settimeout(PATIENCE_S)  # whoever asked for this may have ended
    owner, _ = listener.accept()
    listener.settimeout(None)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    while True:
        ready, _, _ = select.select([listener, owner], [], [])
        if owner in ready:
            os._exit(0)
        client, _ = listener.accept()
        if not os.fork():
            listener.close()
            owner.close()
            _watch(client, path)
        client.close()


def _watch(client: socket.socket, path: list[str]) -> None:
    """Do what a client asks for, and tell it how that ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    _, streams, _, _ = socket.recv_fds(client, 1, 3)
    request = json.loads(client.makefile().readline())
    process = os.fork()
    if not process:
        client.close()
        _run(*request, streams, path)
    for stream in streams:
        os.close(stream)
    client.sendall(f"{process}\n".encode())
    ready, _, _ = select.select([os.pidfd_open(process), client], [], [])
    if client in ready:
        os.kill(process, signal.SIGKILL)
    _, status = os.waitpid(process, 0)
    client.sendall(f"{os.waitstatus_to_exitcode(status)}\n".encode())
    os._exit(0)


def _run(
    argv: list[str], place: str, environment: dict[str, str], streams: list[int], path: list[str]
) -> None:
    """Be the interpreter that was asked for: ``python [-P] -m MODULE …`` or ``-c CODE …``."""
    import atexit
    import runpy
    import threading
    import traceback

    atexit._clear()
    signal.signal(signal.SIGINT, signal.default_int_handler)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", closefd=False, buffering=1)
    sys.__stdin__, sys.__stdout__, sys.__stderr__ = sys.stdin, sys.stdout, sys.stderr
    os.chdir(place)
    os.environ.clear()
    os.environ.update(environment)
    sys.executable, *words = argv
    first = list(filter(None, environment.get("PYTHONPATH", "").split(os.pathsep)))
    if words[0] == "-P":
        words = words[1:]
    else:
        first.insert(0, place)
    sys.path[:] = [*first, *path]
    how, what, *rest = words
    sys.argv = [what, *rest]
    code: object = 0
    try:
        if how == "-m":
            runpy.run_module(what, run_name="__main__", alter_sys=True)
        else:
            exec(compile(what, "<string>", "exec"), {"__name__": "__main__"})
    except SystemExit as end:
        code = end.code or 0
    except BaseException:
        traceback.print_exc()
        code = 1
    threading._shutdown()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    os._exit(code if isinstance(code, int) else 1)


if __name__ == "__main__":
    _, ADDRESS, *modules = sys.argv
    del sys.path[0]
    for module in modules:
        __import__(module)
    serve(ADDRESS, [*sys.path])
