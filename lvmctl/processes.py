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
from typing import TYPE_CHECKING, Any, TypeVar

from lvmctl.core.errors import LvmctlError

if TYPE_CHECKING:
    from torch import Tensor

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
    if not several() or _job.store is not None:
        yield
        return
    os.environ.setdefault("TORCH_CPP_LOG_LEVEL", "ERROR")  # read when torch is loaded
    from torch import distributed

    try:
        _meet()
        yield
        distributed.destroy_process_group()
        _leave()
    except RuntimeError as error:
        if lost(error):
            raise _ended() from error
        raise


def _meet() -> None:
    """Connect with the other processes."""
    import torch
    from torch import distributed

    gpus, local = torch.cuda.device_count(), int(os.environ.get("LOCAL_RANK", 0))
    if local < gpus:
        torch.cuda.set_device(local)
    backend = "cpu:gloo,cuda:nccl" if gpus else "gloo"
    _job.rank, _job.size = int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"])
    try:
        _job.store, _, _ = next(distributed.rendezvous("env://", timeout=MEETING))
        distributed.init_process_group(
            backend, store=_job.store, rank=_job.rank, world_size=_job.size, timeout=PATIENCE
        )
    except RuntimeError as error:
        what, hint = f"the {_job.size} processes could not meet", "start all within five minutes"
        if "EADDRINUSE" in str(error):
            what, hint = "another program uses this port", "choose another --master-port"
        where = f"{os.environ['MASTER_ADDR']}:{os.environ['MASTER_PORT']}"
        raise ProcessError(what, where=where, hint=hint) from error


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
    with exchanging():
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
    with exchanging():
        distributed.broadcast_object_list(values, src=number)
    return values[0]


def largest(number: int) -> int:
    """The largest of the processes' numbers, in each of them."""
    if _job.size == 1:
        return number
    import torch
    from torch import distributed

    box = torch.tensor(number)
    with exchanging():
        distributed.all_reduce(box, distributed.ReduceOp.MAX)
    return int(box)


def sum_over_processes(tensor: Tensor) -> Tensor:
    """The sum of the tensors that the processes of a training give, the same bits in all of them.

    A model that keeps statistics of its batches sums them with this, as each process has a part of
    the batch (docs/scale.md). All processes have to call it alike; alone, or outside a training,
    it gives the tensor back.

    Args:
        tensor: of one shape and type in all processes; it is written over, and has no gradient.

    Example:
        >>> import torch
        >>> lvmctl.sum_over_processes(torch.tensor([1.0, 2.0])).tolist()
        [1.0, 2.0]
    """
    if _job.size > 1:
        from torch import distributed

        with exchanging():
            distributed.all_reduce(tensor)
    return tensor


def stack(tensor: Tensor) -> Tensor:
    """(size, …) the tensors (…) of all processes, of one shape and type, in each of them."""
    if _job.size == 1:
        return tensor[None]
    from torch import distributed

    mine = _bytes_of(tensor)
    every = mine.new_empty(_job.size, len(mine))
    with exchanging():
        distributed.all_gather(list(every), mine)
    return every.view(tensor.dtype).view(_job.size, *tensor.shape)


def copy_from_first(tensor: Tensor) -> None:
    """Write process 0's tensor, of the same shape and type, over this one."""
    if _job.size == 1 or not tensor.numel():
        return
    from torch import distributed

    sent = _bytes_of(tensor)
    with exchanging():
        distributed.broadcast(sent, src=0)
    tensor.copy_(sent.view(tensor.dtype).view(tensor.shape))


def _bytes_of(tensor: Tensor) -> Tensor:
    """A copy of a tensor of any type as its bytes, which can always be sent."""
    import torch

    copied = tensor.detach().clone(memory_format=torch.contiguous_format)
    return copied.view(-1).view(torch.uint8)


def barrier() -> None:
    """Wait until every process is here."""
    gather(None)


def part(count: int) -> slice:
    """This process's share of ``count`` things in a row; the shares differ by one at most."""
    return slice(count * _job.rank // _job.size, count * (_job.rank + 1) // _job.size)


@contextmanager
def exchanging() -> Iterator[None]:
    """Errors of torch's exchange come out as what they mean: the end of another process."""
    try:
        yield
    except RuntimeError as error:
        raise _ended() from error


def _ended() -> ProcessError:
    what = f"another of the {_job.size} processes ended or cannot be reached"
    hint = "what torchrun reports says which, and its exit code (-9: killed, often for memory)"
    return ProcessError(what, hint=hint)
