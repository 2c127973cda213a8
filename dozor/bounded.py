"""What one page may cost a worker: a page that takes more is named, and its neighbours are read on."""

from __future__ import annotations

import resource
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import Final, NoReturn

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

    def stop(_number: int, _frame: FrameType | None) -> NoReturn:
        raise PageError(f"takes more than {cpu_seconds:g} s to read")

    before = signal.signal(signal.SIGPROF, stop)
    limits = resource.getrlimit(resource.RLIMIT_AS)
    try:
        resource.setrlimit(resource.RLIMIT_AS, (_least(_address_space() + memory_bytes, *limits), limits[1]))
        signal.setitimer(signal.ITIMER_PROF, cpu_seconds, _AGAIN)
        signal.setitimer(signal.ITIMER_VIRTUAL, cpu_seconds + _HANG)
        yield
    except MemoryError as error:
        raise PageError(f"needs more than {memory_bytes // 1024**2} MB to be read") from error
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGPROF, before)
        resource.setrlimit(resource.RLIMIT_AS, limits)


def _address_space() -> int:
    """Bytes of address space in use."""
    try:
        with open("/proc/self/statm", "rb", buffering=0) as file:  # noqa: PTH123  once a page: a Path takes four times as long
            return int(file.read(64).split()[0]) * resource.getpagesize()
    except FileNotFoundError:  # no Linux: the greatest resident size is the nearest that is known
        return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss + 1024**3


def _least(*limits: int) -> int:
    return min((limit for limit in limits if limit != resource.RLIM_INFINITY), default=resource.RLIM_INFINITY)
