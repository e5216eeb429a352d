"""A socket for a command that serves, and how to reach it."""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass

from lvmctl.core.errors import OutputError

LOOPBACK = ("127.0.0.1", "::1", "localhost")
"""Names of this machine for itself: nobody else reaches what listens there."""


@dataclass(frozen=True)
class Listening:
    """A socket that listens; made by :func:`lvmctl.listen`.

    Attributes:
        socket: for the server.
        url: where it is reached, ``http://127.0.0.1:9007``.
        alone: whether only this machine reaches it.
    """

    socket: socket.socket
    url: str
    alone: bool


def listen(host: str, port: int) -> Listening:
    """Listen on an address, before anything that takes long is loaded.

    Args:
        host: name or address of this machine.
        port: 0 is any that is free.

    Raises:
        OutputError: the port is taken, or the host is not of this machine.

    Example:
        >>> listening = lvmctl.listen("127.0.0.1", 0)
        >>> listening.url.startswith("http://127.0.0.1:"), listening.alone
        (True, True)
        >>> listening.socket.close()
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        made = socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error
        what = f"cannot listen ({reason})"
        hint = "choose another --port or --host"
        raise OutputError(what, where=f"{host}:{port}", hint=hint) from error
    address, port, *_ = made.getsockname()
    place = f"[{address}]" if ":" in address else address
    return Listening(made, f"http://{place}:{port}", host in LOOPBACK)
