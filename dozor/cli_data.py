"""Commands that ask, show, export and remove what was collected."""

from __future__ import annotations

import typer

app = typer.Typer()
