"""The processes of one job: ``torchrun`` starts the same command several times.

All of them do the same work but for what is shared out, whose results each process gets. Process 0
alone prints and writes. Outside :func:`joined` there is one process, whatever torchrun says.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any, TypeVar

from lvmctl.core.errors import LvmctlError

T = TypeVar("T")

SET_BY_TORCHRUN = ("RANK", "WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")

PATIENCE = timedelta(days=7)
"""How long a process waits for the others. One that died is noticed at once, by its connection."""

MEETING = timedelta(minutes=5)
"""How long the processes wait for each other at the start."""

LOST = re.compile(
    r"connection (was )?(closed|reset|refused)|broken pipe|\bgloo\b|\bnccl\b|TCPStore", re.I
)
"""How torch says that another process is gone."""


class ProcessError(LvmctlError):
    """Another process of the job ended, or cannot be reached."""

    exit_code = 6


class _Job:
    """What :func:`joined` knows of the job.

    Attributes:
        store: the table that all processes read and write; None where there is one process.
    """

    rank, size = 0, 1
    store: Any = None


_job = _Job()


def rank() -> int:
    """The number of this process, 0 to size − 1."""
    return _job.rank


def size() -> int:
    """How many processes there are."""
    return _job.size


def several() -> bool:
    """Whether this process was started as one of several."""
    return all(map(os.environ.get, SET_BY_TORCHRUN)) and os.environ["WORLD_SIZE"] != "1"


@contextmanager
def joined() -> Iterator[None]:
    """Find the other processes, and work with them while the block runs.

    Inside, :mod:`torch.distributed` has its default group: gloo for what is in memory and, where
    there are GPUs, NCCL for what is on them.

    Raises:
        ProcessError: they cannot be reached, or one ended in the block.
    """
    if not several() or _job.size > 1:
        yield
        return
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # read when torch is loaded
    import torch
    from torch import distributed

    backend = "cpu:gloo,cuda:nccl" if torch.cuda.is_available() else "gloo"
    if torch.cuda.is_available():
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", 0)))
    _job.rank, _job.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    try:
        with _errors():
            _job.store, _, _ = next(distributed.rendezvous("env://", timeout=MEETING))
            distributed.init_process_group(
                backend, store=_job.store, rank=_job.rank, world_size=_job.size, timeout=PATIENCE
            )
        yield
        distributed.destroy_process_group()
        _leave()
    except RuntimeError as error:
        if lost(error):
            raise _ended() from error
        raise


def _leave() -> None:
    _job.rank, _job.size, _job.store = 0, 1, None


def lost(error: BaseException) -> bool:
    """Whether an error of torch says that another process is gone."""
    from torch import distributed

    if _job.size == 1 or not isinstance(error, RuntimeError):
        return False
    return isinstance(error, distributed.DistError) or bool(LOST.search(str(error)))


def speaks_first() -> bool:
    """Whether this process is to say why the job ends: the first of all that asks is."""
    if _job.store is None:
        return True
    try:
        return _job.store.add("lvmctl/ended", 1) == 1
    except RuntimeError:  # the store is gone with the process that held it
        return _job.rank == 1


def gather(value: T) -> list[T]:
    """The values of all processes, by rank, in each of them."""
    if _job.size == 1:
        return [value]
    from torch import distributed

    values: list[Any] = [None] * _job.size
    with _errors():
        distributed.all_gather_object(values, value)
    return values


def from_first(make: Callable[[], T]) -> T:
    """What ``make()`` gives in process 0, where alone it is called, in each process.

    While it runs, process 0 counts as the only one, whatever is called there.
    """
    if _job.rank:
        return from_process(0, None)  # type: ignore[arg-type]
    size, _job.size = _job.size, 1
    try:
        value = make()
    finally:
        _job.size = size
    return from_process(0, value)


def from_process(number: int, value: T) -> T:
    """The value of process ``number``, in each process."""
    if _job.size == 1:
        return value
    from torch import distributed

    values: list[Any] = [value if _job.rank == number else None]
    with _errors():
        distributed.broadcast_object_list(values, src=number)
    return values[0]


def barrier() -> None:
    """Wait until every process is here."""
    gather(None)


def part(count: int) -> slice:
    """This process's share of ``count`` things in a row; the shares differ by one at most."""
    return slice(count * _job.rank // _job.size, count * (_job.rank + 1) // _job.size)


@contextmanager
def _errors() -> Iterator[None]:
    """Errors of torch's exchange come out as what they mean."""
    try:
        yield
    except RuntimeError as error:
        raise _ended() from error


def _ended() -> ProcessError:
    what = f"another of the {_job.size} processes ended or cannot be reached"
    hint = "what torchrun reports says which, and its exit code (-9: killed, often for memory)"
    return ProcessError(what, hint=hint)
