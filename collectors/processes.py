"""What processes load: workers started from a program that is not ours, and libraries that nobody there uses.

`multiprocessing` makes each new process run the parent's main module again. Under Airflow that is Airflow itself, which a task's
process must not and cannot load; and our workers need nothing of it: their functions live in modules of their own.
"""

from __future__ import annotations

import fcntl
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from multiprocessing import parent_process
from types import ModuleType


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


def end_with_parent() -> None:
    """Called in a worker: it ends when the process that started it does, though that was killed and it is at work.

    The system sends the signal, so neither a page that hangs in the parser nor a lock of the interpreter keeps a worker alive.
    """
    parent = parent_process()
    if parent is None or not hasattr(os, "O_ASYNC"):
        return
    signal.signal(signal.SIGIO, signal.SIG_DFL)  # which ends the process
    end = parent.sentinel  # a pipe that only the parent has open for writing, and never writes to
    fcntl.fcntl(end, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(end, fcntl.F_SETFL, fcntl.fcntl(end, fcntl.F_GETFL) | os.O_ASYNC)
    if not parent.is_alive():  # it ended before anybody watched
        os._exit(1)


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


class _WithoutPandas(MetaPathFinder):
    def find_spec(self, name: str, path: Sequence[str] | None, target: ModuleType | None = None) -> ModuleSpec | None:  # noqa: ARG002
        if name == "pandas":
            raise ImportError("pandas is not loaded here")
        return None


@contextmanager
def without_pandas() -> Iterator[None]:
    """While the block runs, pandas is not loaded, unless it is there already.

    Arrow and DuckDB look for it whenever they are handed a list or a parameter: a third of a second and 45 MB in every process.
    Both go without, and still find it when somebody asks for a frame later.
    """
    finder = _WithoutPandas()
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)
