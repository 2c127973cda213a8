"""Memory that a process has been given stays with it while it works.

Every page of memory that the system hands out is zeroed first, and what is freed in large pieces goes back to the system at once:
a crawl that takes and frees a megabyte for each page of the web pays for that a hundred thousand times, a twentieth of its time.
"""

from __future__ import annotations

import ctypes

import pyarrow as pa

# Numbers of malloc.h (man 3 mallopt), and bytes: what the heap grows by, what may lie free at its end, and from where on an
# allocation is a mapping of its own (the largest that glibc takes).
_HEAP = {-2: 64 << 20, -1: 512 << 20, -3: 32 << 20}  # M_TOP_PAD, M_TRIM_THRESHOLD, M_MMAP_THRESHOLD


def keep_memory() -> None:
    """Let this process, and those it forks, keep what they free for what they need next; Arrow shares the heap of the rest.

    Where the C library is not glibc, the heap does as it likes. `pyarrow.default_memory_pool().release_unused()` gives back what
    lies free.
    """
    pa.set_memory_pool(pa.system_memory_pool())
    set_option = getattr(ctypes.CDLL(None), "mallopt", None)
    if set_option is not None:
        for option, count in _HEAP.items():
            set_option(option, count)
