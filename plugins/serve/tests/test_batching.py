"""What waits together is computed together."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from fastapi import HTTPException
from lvmctl_serve.batching import Batcher


class Doubling:
    """Doubles numbers, and keeps what was asked together; 13 cannot be doubled."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.go = threading.Event()
        self.go.set()

    def __call__(self, items):
        self.go.wait(10)
        self.batches.append(list(items))
        if 13 in items:
            raise ValueError("unlucky")
        return [2 * item for item in items]


def run(compute, numbers, most=64, queue=100, then=None):
    """The results of numbers that are asked at once, exceptions among them."""

    async def ask():
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(compute, thread, most, queue, lambda size: None)
            asked = [asyncio.ensure_future(batcher(number)) for number in numbers]
            if then is not None:
                await then(asked)
            return await asyncio.gather(*asked, return_exceptions=True)

    return asyncio.run(ask())


def test_what_comes_together_is_one_batch():
    compute = Doubling()
    assert run(compute, range(6)) == [0, 2, 4, 6, 8, 10]
    assert compute.batches == [[0, 1, 2, 3, 4, 5]]


def test_a_batch_holds_so_many():
    compute = Doubling()
    assert run(compute, range(5), most=2) == [0, 2, 4, 6, 8]
    assert compute.batches == [[0, 1], [2, 3], [4]]


def test_what_comes_while_a_batch_is_computed_is_the_next():
    compute = Doubling()
    compute.go.clear()

    async def more(asked):
        await asyncio.sleep(0.05)
        assert not compute.batches
        compute.go.set()

    async def ask():
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(compute, thread, 64, 100, lambda size: None)
            first = asyncio.ensure_future(batcher(1))
            await asyncio.sleep(0.05)
            others = [asyncio.ensure_future(batcher(number)) for number in (2, 3, 4)]
            await more(others)
            return await asyncio.gather(first, *others)

    assert asyncio.run(ask()) == [2, 4, 6, 8]
    assert compute.batches == [[1], [2, 3, 4]]


def test_an_item_that_fails_fails_alone():
    results = run(Doubling(), [1, 13, 3])
    assert [results[0], results[2]] == [2, 6]
    assert isinstance(results[1], ValueError)


def test_a_full_queue_is_answered_429():
    compute = Doubling()
    results = run(compute, range(5), queue=3)
    assert results[:3] == [0, 2, 4]
    for refused in results[3:]:
        assert isinstance(refused, HTTPException)
        assert refused.status_code == 429
        assert refused.headers == {"Retry-After": "1"}


@pytest.mark.parametrize("computed", [False, True])
def test_whoever_has_gone_holds_nobody_up(computed):
    """Before the batch, or while it is computed."""
    compute = Doubling()
    compute.go.clear()

    async def leave(asked):
        await asyncio.sleep(0.05 if computed else 0)
        asked[1].cancel()
        compute.go.set()

    results = run(compute, [1, 2, 3], then=leave)
    assert [results[0], results[2]] == [2, 6]
    assert isinstance(results[1], asyncio.CancelledError)
    assert compute.batches == [[1, 2, 3] if computed else [1, 3]]


@pytest.mark.parametrize("number", [13, 5])
def test_the_next_batch_begins_anew(number):
    async def ask():
        with ThreadPoolExecutor(1) as thread:
            batcher = Batcher(Doubling(), thread, 64, 100, lambda size: None)
            await asyncio.gather(batcher(number), return_exceptions=True)
            return await batcher(4)

    assert asyncio.run(ask()) == 8
