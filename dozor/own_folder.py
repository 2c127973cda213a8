"""A folder for the time of a block. A process that is killed leaves its own behind: the next one takes it away."""

from __future__ import annotations

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from secrets import token_hex


@contextmanager
def own_folder(parent: Path, prefix: str) -> Iterator[Path]:
    """A new folder, gone when the block ends; those of the same prefix whose owner is dead go before it comes.

    Who lives is told by a lock beside the folder, which the system frees when its holder ends.
    """
    _take_away_left(parent, prefix)
    folder = parent / f"{prefix}{token_hex(8)}"
    lock = folder.with_suffix(".lock")
    with lock.open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)  # before there is a folder: nobody shall find it without an owner
        folder.mkdir()
        try:
            yield folder
        finally:
            shutil.rmtree(folder)
            lock.unlink(missing_ok=True)


def _take_away_left(parent: Path, prefix: str) -> None:
    for lock in parent.glob(f"{prefix}*.lock"):
        with suppress(FileNotFoundError), lock.open("r+") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            shutil.rmtree(lock.with_suffix(""), ignore_errors=True)
            lock.unlink(missing_ok=True)
