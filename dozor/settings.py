"""Where things are and what is allowed: `dozor.yml` beside the watchlist, and a few environment variables over it.

The file is optional. Its keys are the fields of `Settings`. `DOZOR_STORE`, `DOZOR_WATCHLIST`, `DOZOR_CONTACT` and `DOZOR_CONFIG`
win over it. What lowers a guard (`allow_private_hosts`, `clock`) can be set in the file only, never from the environment.
"""

import os
import secrets
import time
from collections.abc import Callable, Iterable, Set
from datetime import UTC, datetime, timedelta
from difflib import get_close_matches
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

from collectors.archive import replacing
from collectors.urls import host_of
from collectors.watchlist_file import Document, Problem, read_yaml
from dozor.contact import sendable_contact

# Locks on these are not reliable, and a rename may not be whole: two writers would spoil the store.
NETWORK_DISKS = frozenset(
    {"nfs", "nfs4", "cifs", "smb3", "smbfs", "afs", "fuse.sshfs", "fuse.s3fs", "fuse.gcsfuse", "fuse.rclone", "fuse.davfs"}
)


class SettingsError(Exception):
    """dozor.yml or the environment is wrong; names the file, the key and what would be right."""

    exit_code = 2


class Budget(BaseModel):
    """What a source may use in a period; a wall, never exceeded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    money: Annotated[float | None, Field(ge=0, description="money, in the currency of the source's prices")] = None
    requests: Annotated[int | None, Field(ge=0, description="requests")] = None
    period: Literal["day", "month"] = "day"


def _address(text: str) -> str:
    if not text.startswith(("http://", "https://")) or not host_of(text):
        raise ValueError(f"{text!r} is not an address (https://…)")
    return text


class Settings(BaseModel):
    """Settings of one installation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: Annotated[Path, Field(description="folder that holds everything dozor keeps; local disk")] = Path("dozor-data")
    watchlist: Annotated[Path, Field(description="the watchlist")] = Path("watchlist.yml")
    contact: Annotated[
        str,
        AfterValidator(sendable_contact),
        Field(description="URL or mail address by which a site owner can reach you; sent with every request"),
    ] = ""
    sentiment_model: Annotated[
        Path | None,
        Field(description="folder of an ONNX model that judges the tone of mentions in place of the default engine"),
    ] = None
    workers: Annotated[int, Field(ge=1, le=64, description="processes that parse")] = os.cpu_count() or 1
    memory_limit_mb: Annotated[int, Field(ge=256, description="memory DuckDB may use, MB")] = 2048
    http2: Annotated[bool, Field(description="offer HTTP/2 to servers")] = False
    base_urls: Annotated[
        dict[str, Annotated[str, AfterValidator(_address)]],
        Field(description="source -> address to use instead of its own (a mirror, a proxy)"),
    ] = {}
    pace_seconds: Annotated[
        dict[str, Annotated[float, Field(ge=0, le=3600)]],
        Field(description="source -> least seconds between two requests to one host"),
    ] = {}
    budgets: Annotated[
        dict[str, Budget],
        Field(description="source, or source/account -> what may be used of it; without money, nothing is paid"),
    ] = {}
    denied_hosts: Annotated[list[str], Field(description="hosts that are never asked, not even by a redirect")] = []
    connect_to: Annotated[dict[str, str], Field(description="host name -> address to connect to instead")] = {}
    allow_private_hosts: Annotated[bool, Field(description="permit private and loopback addresses: tests and the demo only")] = (
        False
    )
    clock: Annotated[datetime | None, Field(description="pretend that the run starts at this time: tests and the demo only")] = (
        None
    )

    @property
    def salt(self) -> bytes:
        """The secret that pseudonyms of people are made with; made on first use, readable by the owner only."""
        path = self.store / "work" / "salt"
        if not path.exists():
            with replacing(path) as beside:
                beside.touch(mode=0o600)
                beside.write_bytes(secrets.token_bytes(32))
        return path.read_bytes()

    def now(self) -> Callable[[], datetime]:
        """The clock of this run: the real one, or one that started at `clock`."""
        if self.clock is None:
            return lambda: datetime.now(UTC)
        begin, started = self.clock.astimezone(UTC), time.monotonic()
        return lambda: begin + timedelta(seconds=time.monotonic() - started)


def load_settings(config: Path | None = None) -> Settings:
    """Settings from dozor.yml (or DOZOR_CONFIG) and the environment; paths in the file are relative to it."""
    path = config or Path(os.environ.get("DOZOR_CONFIG", "dozor.yml"))
    document = Document()
    if path.exists():
        document = read_yaml(path.read_text(encoding="utf-8-sig", errors="replace"))
        if not document.problems and not isinstance(document.data, dict | None):
            document.problems.append(Problem(1, f"expected `key: value` lines, got {type(document.data).__name__}"))
    elif config is not None or "DOZOR_CONFIG" in os.environ:
        raise SettingsError(f"{path}: there is no such file (DOZOR_CONFIG names it)")
    given: dict[str, Any] = dict(document.data) if isinstance(document.data, dict) else {}
    problems = [*document.problems, *_unknown_sources(given, document)]
    of_environment: set[str] = set()
    for name in ("store", "watchlist", "sentiment_model"):
        if isinstance(value := given.get(name), str):
            given[name] = path.parent / value
    for name in ("store", "watchlist", "contact"):
        if value := os.environ.get(f"DOZOR_{name.upper()}"):
            given[name] = value
            of_environment.add(name)
    settings = None
    try:
        settings = Settings.model_validate(given)
    except ValidationError as error:
        problems += [_problem(dict(e), document, of_environment) for e in error.errors()]
    if settings is not None and (kind := disk_of(settings.store)) in NETWORK_DISKS:
        problems.append(
            Problem(
                document.line(("store",)),
                f"store: {settings.store} is on a network file system ({kind}), where locks cannot be relied on: "
                "name a folder on a local disk",
            )
        )
    if settings is None or problems:
        raise SettingsError("\n".join(f"{path}:{problem.line}: {problem.message}" for problem in sorted(problems)))
    return settings


def disk_of(folder: Path, mounts: Path = Path("/proc/mounts")) -> str:
    """The kind of file system that a folder is or would be on; empty where the system does not say."""
    try:
        lines = [line.split() for line in mounts.read_text(encoding="utf-8", errors="replace").splitlines()]
    except OSError:
        return ""
    place, kind, longest = folder.resolve(), "", -1
    for _, point, found, *_ in lines:
        if len(point) >= longest and place.is_relative_to(
            point.replace("\\040", " ")
        ):  # of two mounts at one point the later is seen
            kind, longest = found, len(point)
    return kind


def _problem(error: dict[str, Any], document: Document, of_environment: Set[str]) -> Problem:
    """What pydantic found, in the words of the file."""
    place = tuple(error["loc"])
    name = ".".join(map(str, place))
    if error["type"] != "extra_forbidden":
        if name in of_environment:
            name = f"DOZOR_{name.upper()} in the environment"
        said = error["ctx"]["error"] if error["type"] == "value_error" else error["msg"]  # the first: our own words
        return Problem(document.line(place), f"{name}: {said}")
    known = Settings.model_fields if len(place) == 1 else Budget.model_fields
    return Problem(document.line(place), f'unknown key "{name}".{_nearest(str(place[-1]), known)}')


def _unknown_sources(given: dict[str, Any], document: Document) -> list[Problem]:
    """Settings of sources that do not exist: they would change nothing."""
    named = [
        (key, name) for key in ("base_urls", "pace_seconds", "budgets") if isinstance(given.get(key), dict) for name in given[key]
    ]
    if not named:
        return []
    from collectors.registry import sources  # loads every source: only where one is named

    return [
        Problem(document.line((key, name)), f'{key}: unknown source "{name}".{_nearest(name.partition("/")[0], sources())}')
        for key, name in named
        if name.partition("/")[0] not in sources()
    ]


def _nearest(name: str, known: Iterable[str]) -> str:
    near = get_close_matches(name, list(known), 1)
    return f' Did you mean "{near[0]}"?' if near else ""
