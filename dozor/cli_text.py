"""Commands that read pages and texts given to them, without a store."""

from __future__ import annotations

import typer

app = typer.Typer()
