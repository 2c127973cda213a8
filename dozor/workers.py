"""Work in processes that may be killed: a task that hangs, crashes or eats memory costs itself and nothing else."""

from __future__ import annotations

import gc
import resource
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import TimeoutError as FutureTimeout
from contextlib import ExitStack
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.forkserver import ensure_running
from types import TracebackType
from typing import Any, Self, TypeVar

from pebble import ProcessExpired, ProcessFuture, ProcessPool

from collectors.memory import keep_memory
from collectors.processes import end_with_parent, one_thread_each, without_main
from dozor.garbage import collect_rarely

T = TypeVar("T")
R = TypeVar("R")

_HANGS = "took more CPU time than it may and could not be interrupted"
MEMORY_BYTES = 4 * 1024**3  # address space of a worker: far above what reading needs, far below the machine


@dataclass(frozen=True, slots=True)
class Lost:
    """A task whose worker was killed or died; `reason` says which."""

    reason: str


class Workers:
    """A pool of spawned processes, started with the first task and kept for the next ones."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._pool: ProcessPool | None = None
        self._stack = ExitStack()

    def __enter__(self) -> Self:
        self._stack.enter_context(without_main())
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        if self._pool is not None:
            self._pool.close() if error is None else self._pool.stop()
            self._pool.join()
        self._stack.close()

    def map(
        self, function: Callable[[T], R], tasks: Iterable[T], *, seconds: Callable[[T], float], split: Callable[[T], Sequence[T]]
    ) -> Iterator[tuple[T, R | Lost]]:
        """`function` over tasks, in order, a few tasks in memory at a time.

        A task that takes longer than `seconds` of it, or whose process dies, is split and tried in pieces, until the piece that
        is to blame stands alone: that one comes back as `Lost`. Exceptions of `function` itself are raised here.
        """
        pending: deque[tuple[T, ProcessFuture[Any]]] = deque()
        try:
            for task in tasks:
                pending.append((task, self._start(function, task, seconds)))
                if len(pending) > 2 * self.count:
                    yield from self._result(function, *pending.popleft(), seconds, split)
            while pending:
                yield from self._result(function, *pending.popleft(), seconds, split)
        finally:
            for _, future in pending:
                future.cancel()

    def _start(self, function: Callable[[T], R], task: T, seconds: Callable[[T], float]) -> ProcessFuture[Any]:
        if self._pool is None:
            context = get_context("forkserver")  # loads once, then each worker is a fork of that: cheap to replace
            context.set_forkserver_preload(["dozor.forkserver", function.__module__, "collectors.reading.warm", __name__])
            with one_thread_each():
                ensure_running()
            self._pool = ProcessPool(max_workers=self.count, context=context, initializer=_prepare)
        return self._pool.schedule(function, args=[task], timeout=seconds(task))

    def _result(
        self,
        function: Callable[[T], R],
        task: T,
        future: ProcessFuture[Any],
        seconds: Callable[[T], float],
        split: Callable[[T], Sequence[T]],
    ) -> Iterator[tuple[T, R | Lost]]:
        try:
            yield task, future.result()
            return
        except FutureTimeout:
            lost = Lost(f"took longer than {seconds(task):g} s and was stopped")
        except ProcessExpired as error:
            lost = Lost(_HANGS if error.exitcode == -signal.SIGVTALRM else f"its process died (exit code {error.exitcode})")
        except MemoryError:
            lost = Lost("needed more memory than a worker may have")
        pieces = split(task)
        if len(pieces) <= 1:
            yield task, lost
            return
        for piece in pieces:
            yield from self._result(function, piece, self._start(function, piece, seconds), seconds, split)


def _prepare() -> None:
    end_with_parent()
    keep_memory()
    gc.freeze()  # what was loaded stays: the collector need not look through it
    gc.enable()  # see forkserver.py
    collect_rarely()
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
