"""What one page may cost a worker: a page that takes more is named, and its neighbours are read on."""

from __future__ import annotations

import os
import resource
import signal
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Final

from collectors.reading.model import PageError

CPU_SECONDS: Final = 1.5  # dozens of times what a large page takes
MEMORY_BYTES: Final = 500 * 1024**2  # above what the process held before
_AGAIN: Final = 0.5  # seconds: should something on the way have taken the error for its own
_HANG: Final = 0.5  # seconds of CPU beyond the bound in which no Python code has run: the process ends, its pool names the page


@contextmanager
def bounded(cpu_seconds: float = CPU_SECONDS, memory_bytes: int = MEMORY_BYTES) -> Iterator[None]:
    """Raises PageError when what is inside takes more CPU time or memory. Only for the main thread of a worker process.

    Code in C that never comes back cannot be interrupted: it ends with the process (SIGVTALRM).
    """
    with bounding(cpu_seconds, memory_bytes) as one, one():
        yield


@contextmanager
def bounding(
    cpu_seconds: float = CPU_SECONDS, memory_bytes: int = MEMORY_BYTES
) -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Gives what bounds like `bounded` again and again, without the cost of making ready for each of many pages."""

    is_inside = False

    def stop(_number: int, _frame: FrameType | None) -> None:
        if is_inside:  # else it comes late: the page is read
            raise PageError(f"takes more than {cpu_seconds:g} s to read")

    @contextmanager
    def one() -> Iterator[None]:
        nonlocal is_inside
        limits = resource.getrlimit(resource.RLIMIT_AS)
        try:
            resource.setrlimit(resource.RLIMIT_AS, (_least(_address_space(statm) + memory_bytes, *limits), limits[1]))
            is_inside = True
            signal.setitimer(signal.ITIMER_PROF, cpu_seconds, _AGAIN)
            signal.setitimer(signal.ITIMER_VIRTUAL, cpu_seconds + _HANG)
            yield
        except MemoryError as error:
            raise PageError(f"needs more than {memory_bytes // 1024**2} MB to be read") from error
        finally:
            is_inside = False
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.setitimer(signal.ITIMER_VIRTUAL, 0)
            resource.setrlimit(resource.RLIMIT_AS, limits)

    statm = _opened("/proc/self/statm")
    before = signal.signal(signal.SIGPROF, stop)
    try:
        yield one
    finally:
        signal.signal(signal.SIGPROF, before)
        if statm is not None:
            os.close(statm)


def _opened(path: str) -> int | None:
    try:
        return os.open(path, os.O_RDONLY)
    except FileNotFoundError:
        return None


def _address_space(statm: int | None) -> int:
    """Bytes of address space in use."""
    if statm is None:  # no Linux: the greatest resident size is the nearest that is known
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + 1024**3
    return int(os.pread(statm, 64, 0).split()[0]) * resource.getpagesize()


def _least(*limits: int) -> int:
    return min((limit for limit in limits if limit != resource.RLIM_INFINITY), default=resource.RLIM_INFINITY)
