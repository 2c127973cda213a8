"""One self-contained HTML file per project, made from the published warehouse."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path


def write_reports(store: Path, now: datetime) -> list[Path]:
    """Write the reports; returns their paths."""
    return []
