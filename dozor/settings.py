"""Where things are and what is allowed: `dozor.yml` beside the watchlist, and a few environment variables over it.

The file is optional. Its keys are the fields of `Settings`. `DOZOR_STORE`, `DOZOR_WATCHLIST`, `DOZOR_CONTACT` and `DOZOR_CONFIG`
win over it. What lowers a guard (`allow_private_hosts`, `clock`) can be set in the file only, never from the environment.
"""

from __future__ import annotations

import os
import secrets
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from collectors.archive import replacing


class SettingsError(Exception):
    """dozor.yml or the environment is wrong; names the file, the key and what would be right."""

    exit_code = 2


class Budget(BaseModel):
    """What a source may use in a period; a wall, never exceeded."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    money: Annotated[float | None, Field(ge=0, description="money, in the currency of the source's prices")] = None
    requests: Annotated[int | None, Field(ge=0, description="requests")] = None
    period: Literal["day", "month"] = "day"


class Settings(BaseModel):
    """Settings of one installation."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    store: Annotated[Path, Field(description="folder that holds everything dozor keeps; local disk")] = Path("dozor-data")
    watchlist: Annotated[Path, Field(description="the watchlist")] = Path("watchlist.yml")
    contact: Annotated[
        str, Field(description="URL or mail address by which a site owner can reach you; sent with every request")
    ] = ""
    sentiment_model: Annotated[
        Path | None,
        Field(description="folder of an ONNX model that judges the tone of mentions in place of the default engine"),
    ] = None
    workers: Annotated[int, Field(ge=1, le=64, description="processes that parse")] = os.cpu_count() or 1
    memory_limit_mb: Annotated[int, Field(ge=256, description="memory DuckDB may use, MB")] = 2048
    http2: Annotated[bool, Field(description="offer HTTP/2 to servers")] = False
    base_urls: Annotated[
        dict[str, str], Field(description="source -> address to use instead of its own (a mirror, a proxy)")
    ] = {}
    pace_seconds: Annotated[dict[str, float], Field(description="source -> least seconds between two requests to one host")] = {}
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
    given: dict[str, object] = {}
    if path.exists():
        try:
            given = yaml.safe_load(path.read_text(encoding="utf-8")) or {}
        except yaml.YAMLError as error:
            raise SettingsError(f"{path}: not readable as YAML: {error}") from error
        if not isinstance(given, dict):
            raise SettingsError(f"{path}: expected `key: value` lines, got {type(given).__name__}")
    elif config is not None or "DOZOR_CONFIG" in os.environ:
        raise SettingsError(f"{path}: there is no such file (DOZOR_CONFIG names it)")
    for name in ("store", "watchlist", "sentiment_model"):
        if isinstance(value := given.get(name), str):
            given[name] = path.parent / value
    for name in ("store", "watchlist", "contact"):
        if value := os.environ.get(f"DOZOR_{name.upper()}"):
            given[name] = value
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        lines = [f"{path}: {'.'.join(map(str, e['loc']))}: {e['msg']}" for e in error.errors()]
        raise SettingsError("\n".join(lines)) from error
