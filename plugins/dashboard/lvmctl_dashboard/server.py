"""The process: uvicorn, and an end that waits for no open page."""

from __future__ import annotations

import socket
from threading import Event
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from fastapi import FastAPI


class Server(uvicorn.Server):
    """Ends the open event streams first: a page that is left open would keep it from ending."""

    closing: Event

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self.closing.set()
        self.should_exit = True


def run(app: FastAPI, listening: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=5, server_header=False
    )
    server = Server(config)
    server.closing = app.state.closing
    server.run(sockets=[listening])
