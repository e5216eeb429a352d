"""The process: uvicorn, and an end that loses no request."""

from __future__ import annotations

import signal
import socket
from types import FrameType
from typing import TYPE_CHECKING

import uvicorn

if TYPE_CHECKING:
    from fastapi import FastAPI

DRAIN = 30
"""Seconds that requests have to be answered after SIGTERM."""


class Server(uvicorn.Server):
    """Ends by SIGTERM or Ctrl-C after the requests that are under way; a second Ctrl-C ends it at
    once. The signal is not raised again: the server did what it was told."""

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit and sig == signal.SIGINT:
            self.force_exit = True
        self.should_exit = True


def run(app: FastAPI, listening: socket.socket) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    config = uvicorn.Config(
        app, log_config=None, access_log=False, timeout_graceful_shutdown=DRAIN, server_header=False
    )
    Server(config).run(sockets=[listening])
