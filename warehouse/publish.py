"""The build file to readers: checkpointed, copied, verified, then linked. Two versions are kept."""

from __future__ import annotations

import errno
import fcntl
import shutil
from dataclasses import dataclass
from pathlib import Path

import duckdb

from collectors.crash import crash_point
from warehouse.files import build_file, build_of, current_file, published_file, published_link, sync
from warehouse.writer import Limits, open_build

KEPT = 2
_FICLONE = 0x40049409  # ioctl of Linux: share the blocks of another file until one of them changes


class NotPublishable(Exception):  # noqa: N818 - a verdict, not a fault of the program
    """The build file must not be published as it is; says why. What was published stays."""

    exit_code = 1


@dataclass(frozen=True, slots=True)
class Published:
    """The published file; `is_new` is False when readers had it already."""

    path: Path
    build_id: int
    is_new: bool
    size_bytes: int


def publish(store: Path, *, anew: bool = False, limits: Limits | None = None) -> Published:
    """Publish the build. Readers that have the old file open go on reading it. A build that is published already is published
    again where its file is damaged, and with `anew`, which keeps no older file.

    Raises NotPublishable when a check is broken, something waits to be built, or the copy is not what was built; WriterBusy.
    """
    with open_build(store, "publish", limits) as connection:
        build_id = _ready(connection)
        current = current_file(store)
        if current is not None and not anew and build_of(current) == build_id and _opens(current):
            return Published(current, build_id, False, current.stat().st_size)
        connection.execute("CHECKPOINT")
        crash_point("publish.checkpointed")
        counts = _counts(connection)
        connection.close()
        target = published_file(store, build_id)
        _place(store, build_file(store), target, counts)
        _link(store, target)
        _tidy(store, target, 1 if anew else KEPT)
    return Published(target, build_id, True, target.stat().st_size)


def _ready(connection: duckdb.DuckDBPyConnection) -> int:
    """The id of the build that may be published."""
    if not connection.execute("SELECT 1 FROM duckdb_tables() WHERE schema_name = 'work'").fetchone():
        raise NotPublishable("nothing was built yet")
    if connection.execute("SELECT 1 FROM work.touched UNION ALL SELECT 1 FROM work.changed LIMIT 1").fetchone():
        raise NotPublishable("batches were loaded that are not built yet: build first")
    (build_id,) = connection.execute("SELECT coalesce(max(build_id), 0) FROM ops.build").fetchone() or (0,)
    if not build_id:
        raise NotPublishable("nothing was built yet")
    checked = connection.execute("SELECT value FROM work.state WHERE name = 'checked_build'").fetchone()
    if checked is None or int(checked[0]) != build_id:
        raise NotPublishable("the build is not checked yet: check first")
    broken = connection.execute("SELECT check_name, bad_row_count FROM ops.check WHERE bad_row_count > 0 ORDER BY ALL").fetchall()
    if broken:
        lines = "; ".join(f"{name}: {count} rows" for name, count in broken)
        raise NotPublishable(
            f"{len(broken)} checks are broken, the last good file stays: {lines}. "
            "`dozor refresh --full` builds anew from the batches."
        )
    return int(build_id)


def _opens(path: Path) -> bool:
    """Whether readers can open a published file."""
    try:
        duckdb.connect(str(path), read_only=True).close()
    except duckdb.ConnectionException:  # this process has it open, with settings of its own
        return True
    except duckdb.IOException:
        return False
    return True


def _place(store: Path, source: Path, target: Path, counts: dict[str, int]) -> None:
    wal = source.with_name(source.name + ".wal")
    if wal.exists():
        raise NotPublishable(f"{wal.name} is left after the checkpoint; a copy without it would lack rows")
    temporary = store / f".{target.name}.tmp"
    temporary.unlink(missing_ok=True)
    _copy(source, temporary)
    sync(temporary)
    crash_point("publish.copied")
    found = _counts_of(temporary)
    if found != counts:
        wrong = sorted(name for name in {*counts, *found} if counts.get(name) != found.get(name))
        temporary.unlink()
        raise NotPublishable(f"the copy differs from the build in {', '.join(wrong)}")
    temporary.replace(target)
    target.with_name(target.name + ".wal").unlink(missing_ok=True)
    sync(store)
    crash_point("publish.placed")


def _copy(source: Path, target: Path) -> None:
    """Copy by sharing blocks where the file system can, byte by byte elsewhere."""
    with source.open("rb") as read, target.open("wb") as write:
        try:
            fcntl.ioctl(write.fileno(), _FICLONE, read.fileno())
        except OSError as error:
            if error.errno not in (errno.EOPNOTSUPP, errno.ENOTTY, errno.EXDEV, errno.EINVAL, errno.ENOSYS, errno.EPERM):
                raise
        else:
            return
    shutil.copyfile(source, target)


def _link(store: Path, target: Path) -> None:
    temporary = store / ".warehouse.duckdb.tmp"
    temporary.unlink(missing_ok=True)
    temporary.symlink_to(target.name)
    temporary.replace(published_link(store))
    sync(store)
    crash_point("publish.linked")


def _tidy(store: Path, newest: Path, kept: int) -> None:
    """Keep the newest files; a reader that has an older one open keeps its bytes until it closes."""
    numbered = sorted((path for path in store.glob("warehouse-*.duckdb") if build_of(path)), key=build_of)
    keep = [path for path in numbered if build_of(path) <= build_of(newest)][-kept:]
    for path in numbered:
        if path not in keep:
            path.unlink()
    for path in store.glob(".warehouse*.tmp"):
        path.unlink()


def _counts_of(path: Path) -> dict[str, int]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return _counts(connection)


def _counts(connection: duckdb.DuckDBPyConnection) -> dict[str, int]:
    names = connection.execute(
        "SELECT schema_name || '.' || table_name FROM duckdb_tables() WHERE NOT internal ORDER BY ALL"
    ).fetchall()
    found = {}
    for (name,) in names:
        (count,) = connection.execute(f"SELECT count(*) FROM {name}").fetchone() or (0,)
        found[name] = int(count)
    return found


__all__ = ["NotPublishable", "Published", "current_file", "publish"]
