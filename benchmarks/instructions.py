"""What a page costs in instructions, which no neighbour on the machine changes: for comparing two versions of the readers.

    python -m benchmarks.instructions [--pages 120] [--callgrind FOLDER]

Real pages of the corpora are read under valgrind (valgrind.org), once none of them and once all; the difference belongs to the
pages, the first figure to loading. Two runs of the same code agree to a few hundred instructions. `--callgrind` keeps what
`callgrind_annotate` shows by function.
"""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.crawl import real_pages


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=120)
    parser.add_argument("--callgrind", type=Path, help="a folder for what callgrind wrote")
    given = parser.parse_args()
    if shutil.which("valgrind") is None:
        raise SystemExit("valgrind counts the instructions, and is not installed (apt install valgrind)")
    with tempfile.TemporaryDirectory() as temporary:
        folder, pages = Path(temporary), Path(temporary) / "pages"
        pages.mkdir()
        for number, page in enumerate(real_pages(given.pages)):
            (pages / f"{number:05d}.html").write_bytes(page)
        kept = given.callgrind or folder
        kept.mkdir(parents=True, exist_ok=True)
        loading, whole = (counted(pages, count, kept) for count in (0, given.pages))
    print(f"loading {loading:,} instructions; a page {(whole - loading) // given.pages:,} (mean of {given.pages})")


def counted(pages: Path, count: int, folder: Path) -> int:
    """The instructions of a process that reads so many of the pages."""
    written = folder / f"{count}-pages.callgrind"
    program = f"from benchmarks.instructions import read; read({str(pages)!r}, {count})"
    done = subprocess.run(
        ["valgrind", "--tool=callgrind", f"--callgrind-out-file={written}", sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": "0"},  # sets in the same order
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise SystemExit(done.stderr)
    with written.open(encoding="utf-8", errors="replace") as file:
        total = next(line for line in file if line.startswith("summary:"))
    return int(total.split()[1])


def read(pages: str, count: int) -> None:
    """What is counted: the pages read, as a worker does."""
    import collectors.reading.warm  # noqa: F401 - loads the readers and their weights
    from collectors.reading.model import PageError
    from collectors.reading.page import read_page

    gc.freeze()
    for number, path in enumerate(sorted(Path(pages).iterdir())[:count]):
        try:
            read_page(path.read_bytes(), f"https://shop-{number % 7}.example/pages/{number}", "text/html")
        except PageError as error:
            print(path.name, error)


if __name__ == "__main__":
    main()
