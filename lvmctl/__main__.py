"""``lvmctl`` and ``python -m lvmctl``: what a shell starts."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from importlib import import_module
from types import FrameType
from typing import NoReturn


def main(module: str = "lvmctl.cli.main") -> None:
    """Run the ``main`` of a module and exit with its code.

    A Ctrl-C ends in one line also while the module is imported, and is let pass once it is done.
    """
    hears = (
        signal.getsignal(signal.SIGINT) is signal.default_int_handler
    )  # a background job is deaf
    if hears:
        signal.signal(signal.SIGINT, _end)
    try:
        import_module(module).main()
    finally:
        if hears:
            signal.signal(signal.SIGINT, signal.SIG_IGN)


def _end(number: int, _: FrameType | None) -> NoReturn:
    with suppress(OSError):  # nobody may read stderr
        os.write(2, b"error: interrupted\n")
    os._exit(128 + number)


if __name__ == "__main__":
    main()
