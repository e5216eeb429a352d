"""Requests that wait together are computed together, in a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from typing import Any

from fastapi import HTTPException

WAIT = 0.002
"""Seconds that a batch waits for more, where the one before it had more than one request."""


class Batcher:
    """Collects items while a batch is computed, then computes all of them at once.

    An item that comes alone is computed at once. Where items come together, the next batch waits
    for :data:`WAIT` seconds, so that those on the way are in it.

    Args:
        compute: items to results, in order; called in ``thread``.
        thread: where it is called.
        most: items in a batch.
        queue: items that may wait; one more is answered by 429.
        observe: called with the size of each batch.
    """

    def __init__(
        self,
        compute: Callable[[Sequence[Any]], Sequence[Any]],
        thread: Executor,
        most: int,
        queue: int,
        observe: Callable[[int], object],
    ) -> None:
        self.compute, self.thread, self.most, self.queue = compute, thread, most, queue
        self.observe = observe
        self._waiting: list[tuple[Any, asyncio.Future[Any]]] = []
        self._work: asyncio.Task[None] | None = None

    async def __call__(self, item: Any) -> Any:
        """The result of one item; raises what computing it raised.

        Raises:
            HTTPException: 429, the queue is full.
        """
        if len(self._waiting) >= self.queue:
            line = f"{self.queue} requests are waiting; try again in a second"
            raise HTTPException(429, line, {"Retry-After": "1"})
        future: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._waiting.append((item, future))
        if self._work is None:
            self._work = asyncio.create_task(self._run())
        return await future

    async def _run(self) -> None:
        """Compute batches until nothing waits."""
        size = 1
        while self._waiting:
            await asyncio.sleep(WAIT if size > 1 else 0)
            taken, self._waiting = self._waiting[: self.most], self._waiting[self.most :]
            batch = [(item, future) for item, future in taken if not future.cancelled()]
            size = len(batch)
            self.observe(size)
            if not await self._compute(batch):
                for pair in batch:  # an item that fails fails alone
                    await self._compute([pair])
        self._work = None

    async def _compute(self, batch: list[tuple[Any, asyncio.Future[Any]]]) -> bool:
        """Compute a batch; whether it is done with: an item alone is told why it failed."""
        items = [item for item, _ in batch]
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self.thread, self.compute, items)
        except Exception as error:
            if len(batch) > 1:
                return False
            results = [error]
        for (_, future), result in zip(batch, results):
            if future.done():  # whoever asked has gone
                continue
            if isinstance(result, Exception):
                future.set_exception(result)
            else:
                future.set_result(result)
        return True
