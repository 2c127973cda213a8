"""Work in processes that may be killed: a task that hangs, crashes or eats memory costs itself and nothing else."""

from __future__ import annotations

import resource
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

T = TypeVar("T")
R = TypeVar("R")

MEMORY_BYTES = 4 * 1024**3  # address space of a worker: far above what reading needs, far below the machine


@dataclass(frozen=True, slots=True)
class Lost:
    """A task whose worker was killed or died; `reason` says which."""

    reason: str


def map_in_workers(
    function: Callable[[T], R], tasks: Iterable[T], *, workers: int, seconds: Callable[[T], float], split: Callable[[T], Sequence[T]]
) -> Iterator[tuple[T, R | Lost]]:
    """`function` over tasks in spawned processes, in order, a few tasks in memory at a time.

    A task that takes longer than `seconds` of it, or whose process dies, is split and tried in pieces, until the piece that is to
    blame stands alone: that one comes back as `Lost`. Exceptions of `function` itself are raised here.
    """
    with ProcessPool(max_workers=workers, context=get_context("spawn"), initializer=_limit_memory) as pool:
        pending: deque[tuple[T, ProcessFuture]] = deque()
        try:
            for task in tasks:
                pending.append((task, pool.schedule(function, args=[task], timeout=seconds(task))))
                if len(pending) > 2 * workers:
                    yield from _result(pool, function, *pending.popleft(), seconds, split)
            while pending:
                yield from _result(pool, function, *pending.popleft(), seconds, split)
        except BaseException:
            pool.stop()
            raise


def _result(
    pool: ProcessPool, function: Callable[[Any], Any], task: Any, future: ProcessFuture, seconds: Callable[[Any], float], split: Callable[[Any], Sequence[Any]]
) -> Iterator[tuple[Any, Any]]:
    try:
        yield task, future.result()
        return
    except FutureTimeout:
        lost = Lost(f"took longer than {seconds(task):g} s and was stopped")
    except ProcessExpired as error:
        lost = Lost(f"its process died (exit code {error.exitcode})")
    except MemoryError:
        lost = Lost("needed more memory than a worker may have")
    pieces = split(task)
    if len(pieces) <= 1:
        yield task, lost
        return
    for piece in pieces:
        yield from _result(pool, function, piece, pool.schedule(function, args=[piece], timeout=seconds(piece)), seconds, split)


def _limit_memory() -> None:
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
