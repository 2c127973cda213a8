"""Runs one job of the crawl benchmark alone in a process tree and prints: wall seconds, CPU seconds, peak MB."""

from __future__ import annotations

import ctypes
import sys
from pathlib import Path

from benchmarks.crawl import HERE, measure

if __name__ == "__main__":
    job, port, pages, work = sys.argv[1:]
    ctypes.CDLL(None).prctl(36, 1, 0, 0, 0)  # PR_SET_CHILD_SUBREAPER: orphans of the job are reaped, and counted, here
    cost = measure([sys.executable, "-m", job, port, pages, str(Path(work).resolve())], HERE.parent)
    print(cost.wall_seconds, cost.cpu_seconds, cost.peak_mb)
