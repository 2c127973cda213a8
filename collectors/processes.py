"""Starting worker processes from a program that is not ours.

`multiprocessing` makes each new process run the parent's main module again. Under Airflow that is Airflow itself, which a task's
process must not and cannot load; and our workers need nothing of it: their functions live in modules of their own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_main() -> Iterator[None]:
    """While the block runs, processes that are started do not load the parent's main module."""
    main = sys.modules["__main__"]
    spec, file = getattr(main, "__spec__", None), main.__dict__.pop("__file__", None)
    main.__spec__ = None
    try:
        yield
    finally:
        main.__spec__ = spec
        if file is not None:
            main.__file__ = file


@contextmanager
def one_thread_each() -> Iterator[None]:
    """While the block runs, processes that are started do linear algebra on one thread, unless the user's environment says how
    many: with a process for each core, more threads only wait for each other (half the speed on two cores)."""
    ours = {name: "1" for name in ("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS") if name not in os.environ}
    os.environ.update(ours)
    try:
        yield
    finally:
        for name in ours:
            os.environ.pop(name, None)
