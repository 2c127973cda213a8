"""Scores and speed of reading pages, next to trafilatura on the same pages in the same run, on one core.

    python -m benchmarks.reading [--only wcxb,aeb,traf,fundus,...] [--sample 200] [--no-peer]

Further data sets are modules `benchmarks/reading_<name>.py` with a function `rows() -> Iterable[Row]`. Scores are those of the
READMEs: mean word F1 (wcxb, fundus), F1 of mean precision and recall of four-word shingles (aeb), F1 of segments (traf).

Seen pages: the models are trained on these corpora, so the figures here flatter them; `benchmarks.train_content` prints the
cross-validated ones.
"""

from __future__ import annotations

import argparse
import importlib
import pkgutil
import random
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import trafilatura

import benchmarks
from benchmarks.content_corpora import pages
from benchmarks.table import Row, print_table
from benchmarks.text_scores import f1, run_overlap, word_f1
from collectors.reading.model import PageError
from collectors.reading.page import read_page

PEER = "trafilatura"
IN_TURN = 20  # pages: the readers take turns, since a machine is not as fast at one minute as at another
Answer = dict[str, Any]  # text, full (text with comments), kind


def read_with_dozor(body: bytes, url: str) -> Answer:
    try:
        reading = read_page(body, url)
    except PageError:
        return {"text": "", "full": "", "kind": None}
    return {"text": reading.text, "full": "\n".join([reading.text, *(c.text for c in reading.comments)]), "kind": reading.kind}


def read_with_peer(body: bytes, url: str) -> Answer:
    found = trafilatura.bare_extraction(body, url=url, with_metadata=True, include_comments=True)
    answer = found.as_dict() if found is not None else {}
    text = answer.get("text") or ""
    return {"text": text, "full": f"{text}\n{answer.get('comments') or ''}", "kind": None}


class Scores:
    """Sums of one reader over one corpus."""

    def __init__(self) -> None:
        self.values: dict[str, list[float]] = defaultdict(list)
        self.segments: Counter[str] = Counter()
        self.seconds = 0.0
        self.pages = 0

    def add(self, source: str, kind: str | None, truth: Any, answer: Answer) -> None:
        if source == "traf":
            text = " ".join(answer["text"].split())
            for segment in truth["with"]:
                self.segments["found" if " ".join(segment.split()) in text else "missed"] += 1
            self.segments["wrong"] += sum(" ".join(segment.split()) in text for segment in truth["without"])
        elif source == "aeb":
            precision, recall = run_overlap(answer["text"], truth)
            self.values["precision"].append(precision)
            self.values["recall"].append(recall)
        else:
            score = word_f1(answer["text"], truth)
            if kind == "forum":
                score = max(score, word_f1(answer["full"], truth))
            self.values["word F1"].append(score)
            if source == "wcxb":
                self.values[f"word F1, {kind}"].append(score)
                self.values["kind"].append(answer["kind"] == kind)

    def results(self) -> dict[str, float]:
        if self.segments:
            found, missed, wrong = (self.segments[name] for name in ("found", "missed", "wrong"))
            return {"segment F1": 2 * found / (2 * found + missed + wrong)}
        means = {name: sum(values) / len(values) for name, values in self.values.items()}
        if "precision" in means:
            return {"shingle F1": f1(means["precision"], means["recall"])}
        return means

    def speed(self) -> float:
        return self.pages / self.seconds


def content_rows(only: set[str], sample: int, *, with_peer: bool) -> Iterator[Row]:
    """Rows of the page corpora."""
    readers: dict[str, Callable[[bytes, str], Answer]] = {"dozor": read_with_dozor}
    if with_peer:
        readers[PEER] = read_with_peer
    corpora: dict[str, list[tuple[str | None, str, bytes, Any]]] = defaultdict(list)
    for _, source, kind, url, body, truth in pages():
        if not only or source in only:
            corpora[source].append((kind, url, body, truth))
    for source, members in corpora.items():
        chosen = random.Random(1).sample(members, min(sample, len(members))) if sample else members
        scores = {name: Scores() for name in readers}
        for reader in readers.values():
            reader(chosen[0][2], chosen[0][1])  # loads weights and word lists
        for start in range(0, len(chosen), IN_TURN):
            for name, reader in readers.items():
                for kind, url, body, truth in chosen[start : start + IN_TURN]:
                    begun = time.process_time()
                    answer = reader(body, url)
                    scores[name].seconds += time.process_time() - begun
                    scores[name].pages += 1
                    scores[name].add(source, kind, truth, answer)
        theirs = scores[PEER].results() if with_peer else {}
        for measure, value in scores["dozor"].results().items():
            speeds = (scores["dozor"].speed(), scores[PEER].speed() if with_peer else None)
            yield Row(
                source,
                measure,
                value,
                PEER if measure in theirs and measure != "kind" else "",
                None if measure == "kind" else theirs.get(measure),
                *speeds,
            )


def other_rows(only: set[str]) -> Iterator[Row]:
    """Rows of the modules beside this one."""
    for module in pkgutil.iter_modules(benchmarks.__path__, "benchmarks."):
        name = module.name.removeprefix("benchmarks.reading_")
        if name != module.name and (not only or name in only):
            rows: Callable[[], Iterable[Row]] = importlib.import_module(module.name).rows
            yield from rows()


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--only", default="", help="comma-separated names of data sets")
    parser.add_argument("--sample", type=int, default=0, help="pages of each corpus; 0 = all")
    parser.add_argument("--no-peer", action="store_true")
    arguments = parser.parse_args()
    only = set(filter(None, arguments.only.split(",")))
    print_table([*content_rows(only, arguments.sample, with_peer=not arguments.no_peer), *other_rows(only)])


if __name__ == "__main__":
    main()
