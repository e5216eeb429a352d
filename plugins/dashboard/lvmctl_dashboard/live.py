"""Server-sent events: a page is told that something changed, and fetches itself again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from threading import Event

from fastapi.concurrency import run_in_threadpool
from fastapi.responses import StreamingResponse

PAUSE = 0.4
"""Seconds between two looks."""

SILENCE = 15.0
"""Seconds after which a comment is sent, so that nothing on the way gives the connection up."""


def stream(stamp: Callable[[], object], closing: Event) -> StreamingResponse:
    """Events with what ``stamp`` returns, whenever it returns something new.

    Args:
        stamp: called in a thread; differs where the page would.
        closing: set when the server is to end.
    """
    headers = {"Cache-Control": "no-store"}
    return StreamingResponse(events(stamp, closing), 200, headers, "text/event-stream")


async def events(stamp: Callable[[], object], closing: Event) -> AsyncIterator[str]:
    last, silent = None, 0.0
    while not closing.is_set():
        now = str(await run_in_threadpool(stamp))
        if now != last:
            yield f"data: {now}\n\n"
            last, silent = now, 0.0
        elif silent >= SILENCE:
            yield ": still here\n\n"
            silent = 0.0
        await asyncio.sleep(PAUSE)
        silent += PAUSE
