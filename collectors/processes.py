"""Starting worker processes from a program that is not ours.

`multiprocessing` makes each new process run the parent's main module again. Under Airflow that is Airflow itself, which a task's
process must not and cannot load; and our workers need nothing of it: their functions live in modules of their own.
"""

from __future__ import annotations

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
