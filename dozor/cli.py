"""The command line: `dozor --help`.

Exit codes: 0 done, 1 something failed (it is named), 2 wrong use or a file to mend, 75 somebody else is writing: try again.
"""

from __future__ import annotations

import errno
import logging
import signal
import sqlite3
import sys
from importlib import import_module

import typer
from rich.console import Console

from collectors.one_line import one_line
from dozor.garbage import collect_rarely

# Which module has which commands: only the one asked for is imported, so that `dozor read` waits for no crawler.
COMMANDS = {
    "cli_pipeline": (
        "init", "validate", "sources", "run", "collect", "parse", "refresh", "report", "backfill", "accept", "status",
    ),
    "cli_data": ("sql", "show", "export", "prune", "erase", "label"),
    "cli_text": ("read", "match", "sentiment", "topics"),
    "cli_demo": ("demo",),
}  # fmt: skip

RESUMED = ("run", "collect", "parse", "backfill")  # commands that go on with a run
STOPPED = 130  # exit code of a command stopped by Ctrl-C
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EROFS)
MOST_LOGGED = 2000  # characters of a log line: a server may say as much as it likes


class OneLine(logging.Formatter):
    """What servers said can be neither a second line of the log nor an escape sequence of the terminal."""

    def formatMessage(self, record: logging.LogRecord) -> str:  # noqa: N802  the name that logging asks for
        record.message = one_line(record.message, MOST_LOGGED)
        return super().formatMessage(record)


def build(command: str = "") -> typer.Typer:
    """The application with the module of one command, or with all of them."""
    app = typer.Typer(
        no_args_is_help=True,
        pretty_exceptions_enable=False,
        rich_markup_mode="markdown",
        help="Watch competitors and mentions: collect nightly, keep everything, ask in SQL.",
        epilog="Start: `dozor init`, edit watchlist.yml, `dozor validate`, `dozor run`, `dozor sql`. See also: `dozor demo`.",
    )
    app.callback()(_group)
    wanted = [module for module, commands in COMMANDS.items() if command in commands] or list(COMMANDS)
    for module in wanted:
        app.add_typer(import_module(f"dozor.{module}").app)
    return app


def _group() -> None:
    """Keeps `dozor` a group of commands, however many were imported."""


def main() -> None:
    """Run the command; what a user can mend is said in a line, what only a developer can is a traceback."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(OneLine("%(asctime)s %(message)s", "%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    logging.getLogger("httpx").setLevel(logging.WARNING)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a service that is stopped cleans up as after Ctrl-C
    collect_rarely()
    command = next((word for word in sys.argv[1:] if not word.startswith("-")), "")
    try:
        _run(command)
    except (KeyboardInterrupt, SystemExit) as end:  # typer turns the first into the second, with this code
        if isinstance(end, SystemExit) and end.code != STOPPED:
            raise
        _say(_stopped(command))
        sys.exit(STOPPED)
    except (FileNotFoundError, PermissionError, IsADirectoryError, NotADirectoryError) as error:
        _say(f"{error.filename or error}: {(error.strerror or 'not readable').lower()}")
        sys.exit(2)
    except (OSError, sqlite3.OperationalError) as error:  # the second: the book of limits cannot be written
        if isinstance(error, OSError) and error.errno not in NO_ROOM:
            raise
        place = (error.filename if isinstance(error, OSError) else None) or "the store"
        _say(f"{place}: {error}. What was finished is kept: see that there is room on the disk and run the same again.")
        sys.exit(1)
    except Exception as error:
        if isinstance(error.__cause__, KeyboardInterrupt):  # DuckDB's way to say Ctrl-C
            _say(_stopped(command))
            sys.exit(STOPPED)
        code = getattr(error, "exit_code", None)  # errors that carry one explain themselves
        if not isinstance(code, int):
            raise
        _say(str(error))
        sys.exit(code)


def _run(command: str) -> None:
    try:
        build(command)()
    except ExceptionGroup as group:  # of tasks that ran beside each other: the first one speaks for all
        raise _first(group) from group


def _first(error: Exception) -> Exception:
    return _first(error.exceptions[0]) if isinstance(error, ExceptionGroup) else error


def _stopped(command: str) -> str:
    if command in RESUMED:
        return "Stopped. What was archived is kept; the same command with --run and the id of the run goes on from there."
    return "Stopped. What was finished is kept." if command in COMMANDS["cli_pipeline"] else "Stopped."


def _say(message: str) -> None:
    Console(stderr=True).print(message, style="red", markup=False, highlight=False, soft_wrap=True)
