"""The page corpora as samples: blocks of each page, what its true text is, and the host that decides its fold."""

from __future__ import annotations

import gzip
import hashlib
import json
import os
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from publicsuffixlist import PublicSuffixList

from benchmarks.content_labels import label_blocks, label_segments
from collectors.reading.blocks import Blocks
from collectors.reading.content import Prepared, prepare
from collectors.reading.document import read_document
from collectors.reading.encoding import decode
from collectors.reading.structured import read_items

DATA = Path(os.environ.get("DOZOR_CORPORA", Path(__file__).resolve().parents[2] / "shared" / "data"))
SUFFIXES = PublicSuffixList()


@dataclass
class Sample:
    """One page with its truth, read into blocks."""

    key: str
    source: str  # wcxb, aeb, traf, fundus
    kind: str | None
    url: str
    host: str
    fold: int
    page: Prepared
    truth: str
    labels: npt.NDArray[np.float32]  # 0-1 per block, nan where unknown
    kept: list[str] = field(default_factory=list)
    dropped: list[str] = field(default_factory=list)

    @property
    def blocks(self) -> Blocks:
        return self.page.document.blocks


def read_samples() -> list[Sample]:
    """All samples with at least one block."""
    return [sample for sample in (_sample(*page) for page in pages()) if sample is not None]


def _sample(key: str, source: str, kind: str | None, url: str, body: bytes, truth: Any) -> Sample | None:
    text, _ = decode(body)
    document = read_document(text)
    page = prepare(document, url, read_items(document, url))
    blocks = document.blocks
    if not blocks.texts:
        return None
    host = SUFFIXES.privatesuffix(urlsplit(url).hostname or "") or urlsplit(url).hostname or key
    fold = int(hashlib.sha256(f"fold:{host}".encode()).hexdigest()[:8], 16)
    common = (key, source, kind, url, host, fold, page)
    if source == "traf":
        kept, dropped = truth["with"], truth["without"]
        return Sample(*common, "", label_segments(blocks.texts, kept, dropped), kept, dropped)
    return Sample(*common, truth, label_blocks(blocks.texts, truth))


def pages() -> Iterator[tuple[str, str, str | None, str, bytes, Any]]:
    """(key, source, kind, url, body, truth) of every page."""
    bodies = _bodies("wcxb")
    for line in _lines("wcxb/ground-truth.jsonl.gz"):
        body = bodies.get(f"{line['id']}.html")
        if body:
            yield line["id"], "wcxb", line["page_type"], line["url"], body, line["main_content"]
    bodies = _bodies("article-extraction-benchmark")
    for key, value in _json("article-extraction-benchmark/ground-truth.json.gz").items():
        yield key, "aeb", "article", value.get("url", ""), bodies[f"{key}.html"], value["articleBody"]
    bodies = _bodies("fundus-news")
    for line in _lines("fundus-news/expected.jsonl.gz"):
        body = line["expected"].get("body") or {}
        parts = list(body.get("summary") or [])
        for section in body.get("sections") or []:
            parts += [*(section.get("headline") or []), *(section.get("paragraphs") or [])]
        yield line["file"], "fundus", "article", line["url"], bodies[line["file"].rsplit("/", 1)[-1]], "\n".join(parts)
    bodies = _bodies("trafilatura-eval")
    for url, value in _json("trafilatura-eval/evaldata.json.gz").items():
        if value["file"] in bodies:
            yield (
                url,
                "traf",
                None,
                url,
                bodies[value["file"]],
                {"with": value.get("with", []), "without": value.get("without", [])},
            )


def _bodies(corpus: str) -> dict[str, bytes]:
    """Pages of a corpus by file name."""
    found = {}
    with tarfile.open(next((DATA / corpus).glob("html.tar.*"))) as archive:
        for member in archive:
            if member.isfile():
                found[member.name.rsplit("/", 1)[-1]] = archive.extractfile(member).read()  # type: ignore[union-attr]
    return found


def _lines(path: str) -> list[dict[str, Any]]:
    with gzip.open(DATA / path, "rt", encoding="utf-8") as file:
        return [json.loads(line) for line in file]


def _json(path: str) -> dict[str, Any]:
    with gzip.open(DATA / path, "rt", encoding="utf-8") as file:
        value: dict[str, Any] = json.load(file)
        return value
