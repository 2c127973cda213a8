"""Fetch, archive, parse, batch and load real pages from loopback, against Scrapy alone and the pipeline one would glue together.

    python -m benchmarks.crawl [--pages 2000] [--jobs dozor,scrapy,glue,scrapy,dozor]

Pages are real ones of the corpora, 85 kB on average. What counts is pages per CPU second of the whole job, its children included:
the same server serves all, and its own CPU is left out. A job that is named more than once is run as often, and its mean counts:
a machine's speed drifts, so the short ones are run before and after the long one.

    dozor     collect (fetch, archive), parse (reading in worker processes, batches), load into DuckDB
    scrapy    Scrapy with CSS fields, the full text of the page and JSON lines
    glue      Scrapy fetches, trafilatura reads with metadata, dlt loads into DuckDB
"""

from __future__ import annotations

import argparse
import asyncio
import compileall
import os
import resource
import shutil
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path, PurePosixPath
from statistics import fmean

from tests.corpora import ROOT

CORPORA = (
    "article-extraction-benchmark",
    "trafilatura-eval",
    "fundus-news",
    "wcxb",
    "htmldate-eval",
    "product-extraction-benchmark",
)
MEAN_BYTES = 85_000
HERE = Path(__file__).resolve().parent


@dataclass(frozen=True, slots=True)
class Cost:
    """What a job took, all its processes together."""

    wall_seconds: float
    cpu_seconds: float
    peak_mb: float  # of the largest process


def real_pages(count: int) -> list[bytes]:
    """Real pages, the same ones each time, 85 kB on average; repeated under other addresses when there are too few."""
    found: list[bytes] = []
    for corpus in CORPORA:
        with tarfile.open(ROOT / corpus / "html.tar.xz") as tar:
            pages = {PurePosixPath(member.name): file.read() for member in tar if (file := tar.extractfile(member))}
        found += [pages[path] for path in sorted(pages)]
    found.sort(key=len)
    while sum(map(len, found)) / len(found) > MEAN_BYTES:
        found.pop()
    pages = [found[number * len(found) // min(count, len(found)) % len(found)] for number in range(min(count, len(found)))]
    while len(pages) < count:
        pages.append(pages[len(pages) % len(found)] + f"<!-- {len(pages)} -->".encode())
    return pages


def serve(pages: list[bytes], pipe: Connection) -> None:
    """An HTTP/1.1 server that costs next to nothing, in a process of its own."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while line := await reader.readline():
                while (await reader.readline()).strip():
                    pass
                writer.write(_answer(line.split()[1].decode(), pages, port))
                await writer.drain()
        except (ConnectionError, IndexError):
            pass
        finally:
            writer.close()

    async def run() -> None:
        nonlocal port
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        pipe.send(port)
        async with server:
            await server.serve_forever()

    port = 0
    asyncio.run(run())


def _answer(path: str, pages: list[bytes], port: int) -> bytes:
    kind, status = "text/html", "200 OK"
    if path == "/robots.txt":
        body, kind = f"User-agent: *\nAllow: /\nSitemap: http://127.0.0.1:{port}/sitemap.xml\n".encode(), "text/plain"
    elif path == "/sitemap.xml":
        rows = "".join(f"<url><loc>http://127.0.0.1:{port}/pages/{number}</loc></url>" for number in range(len(pages)))
        body, kind = f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode(), "application/xml"
    elif path.startswith("/pages/") and path[7:].isdigit() and int(path[7:]) < len(pages):
        body = pages[int(path[7:])]
    else:
        body, status = b"<h1>Not here</h1>", "404 Not Found"
    return f"HTTP/1.1 {status}\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def measure(command: list[str], folder: Path) -> Cost:
    """Run a command and add up the CPU of every process it leaves, orphans too; the peak is that of the largest process."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started = time.perf_counter()
    watcher = _PeakWatcher()
    process = subprocess.Popen(command, cwd=folder, stdout=sys.stderr)
    watcher.start()
    status = process.wait()
    wall = time.perf_counter() - started
    watcher.stop()
    while True:  # orphans come to us: crawl_measure made this process their subreaper
        try:
            os.waitpid(-1, 0)
        except ChildProcessError:
            break
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {status}")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return Cost(wall, cpu, watcher.peak_mb)


class _PeakWatcher(threading.Thread):
    """The peak resident size of the largest process among our descendants, read from /proc."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.peak_mb = 0.0
        self._done = threading.Event()

    def run(self) -> None:
        while not self._done.wait(0.2):
            for pid in _descendants(os.getpid()):
                try:
                    for line in Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace").splitlines():
                        if line.startswith("VmHWM:"):
                            self.peak_mb = max(self.peak_mb, int(line.split()[1]) / 1024)
                except OSError:
                    continue

    def stop(self) -> None:
        self._done.set()
        self.join()


def _descendants(pid: int) -> list[int]:
    found, pending = [], [pid]
    while pending:
        parent = pending.pop()
        for task in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                children = [int(child) for child in task.read_text(encoding="ascii").split()]
            except OSError:
                continue
            found += children
            pending += children
    return found


JOBS = {
    "dozor": "benchmarks.crawl_jobs.dozor_job",
    "scrapy": "benchmarks.crawl_jobs.scrapy_job",
    "glue": "benchmarks.crawl_jobs.glue_job",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=2000)
    parser.add_argument("--jobs", default="dozor,scrapy,glue,scrapy,dozor")
    chosen = parser.parse_args()
    for package in ("benchmarks", "collectors", "dozor", "transforms", "warehouse"):
        compileall.compile_dir(HERE.parent / package, quiet=1)  # as installed packages are, those of the peers among them
    runs: dict[str, list[Cost]] = {}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pages = real_pages(chosen.pages)
        print(f"{len(pages)} pages, {sum(map(len, pages)) / len(pages) / 1000:.0f} kB on average")
        for job in chosen.jobs.split(","):
            ours, theirs = get_context("spawn").Pipe()
            server = get_context("spawn").Process(target=serve, args=(pages, theirs), daemon=True)
            server.start()
            port = ours.recv()
            work = folder / job
            work.mkdir()
            runs.setdefault(job, []).append(_measured(job, port, len(pages), work))
            server.terminate()
            server.join()
            shutil.rmtree(work)
    costs = {job: _mean(found) for job, found in runs.items()}
    print(f"\n{'job':<10}{'pages/CPU s':>14}{'CPU s':>10}{'wall s':>10}{'peak MB':>10}{'dozor is':>12}")
    for job, cost in costs.items():
        rate = len(pages) / cost.cpu_seconds
        ratio = f"{cost.cpu_seconds / costs['dozor'].cpu_seconds:.1f} x" if "dozor" in costs else ""
        print(f"{job:<10}{rate:>14.0f}{cost.cpu_seconds:>10.1f}{cost.wall_seconds:>10.1f}{cost.peak_mb:>10.0f}{ratio:>12}")


def _mean(runs: list[Cost]) -> Cost:
    """Mean times, and the highest peak."""
    return Cost(fmean(run.wall_seconds for run in runs), fmean(run.cpu_seconds for run in runs), max(run.peak_mb for run in runs))


def _measured(job: str, port: int, pages: int, work: Path) -> Cost:
    """Measured from a process of its own, so that the server, which is our child, is not counted."""
    runner = [sys.executable, "-m", "benchmarks.crawl_measure", JOBS[job], str(port), str(pages), str(work)]
    done = subprocess.run(runner, cwd=HERE.parent, stdout=subprocess.PIPE, text=True, check=True)
    wall, cpu, peak = map(float, done.stdout.split()[-3:])
    return Cost(wall, cpu, peak)


if __name__ == "__main__":
    main()
