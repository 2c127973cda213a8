"""The command line: `dozor --help`.

Exit codes: 0 done, 1 something failed (it is named), 2 wrong use or a file to mend, 75 somebody else is writing: try again.
"""

from __future__ import annotations

import logging
import sys

import typer
from rich.console import Console

from collectors.watchlist import WatchlistError
from dozor import cli_data, cli_pipeline, cli_text
from dozor.settings import SettingsError

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="Watch competitors and mentions: collect nightly, keep everything, ask in SQL.",
    epilog="Start: `dozor init`, edit watchlist.yml, `dozor validate`, `dozor run`, then `dozor sql`. See it at work: `dozor demo`.",
)
app.add_typer(cli_pipeline.app)
app.add_typer(cli_data.app)
app.add_typer(cli_text.app)


def main() -> None:
    """Run the command; what a user can mend is said in a line, what only a developer can is a traceback."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s", datefmt="%H:%M:%S", stream=sys.stderr)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    try:
        app()
    except (SettingsError, WatchlistError) as error:
        _say(str(error))
        sys.exit(2)
    except KeyboardInterrupt:
        _say("Stopped. What was archived is kept; the same command goes on from there.")
        sys.exit(130)
    except Exception as error:
        if (code := getattr(error, "exit_code", None)) is None:
            raise
        _say(str(error))
        sys.exit(code)


def _say(message: str) -> None:
    Console(stderr=True).print(message, style="red", markup=False, highlight=False)
