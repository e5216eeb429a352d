"""The process: a socket and uvicorn."""

from __future__ import annotations

import os
import socket
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

from lvmctl import OutputError

if TYPE_CHECKING:
    from fastapi import FastAPI

LOOPBACK = ("127.0.0.1", "::1", "localhost")


class Server(uvicorn.Server):
    """Ends the open event streams first: a page that is left open would keep it from ending."""

    closing: Event

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.closing.set()
        self.should_exit = True


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens; port 0 is any that is free.

    Raises:
        OutputError: the port is taken, or the host is not of this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family)
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno and error.errno > 0 else error
        what = f"cannot listen ({reason})"
        hint = "choose another --port or --host"
        raise OutputError(what, where=f"{host}:{port}", hint=hint) from error


def run(app: FastAPI, listening: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=5, server_header=False
    )
    server = Server(config)
    server.closing = app.state.closing
    server.run(sockets=[listening])
