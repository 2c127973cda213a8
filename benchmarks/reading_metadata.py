"""Titles, authors, dates, encodings and languages: our readers beside their peers, same pages, same run, one core.

    python -m benchmarks.reading_metadata [--newspaper]

Peers: trafilatura (pages), htmldate (page dates), dateparser (date strings), chardet (encodings), lingua (language), and, when
asked for, newspaper4k (pages; pictures are not fetched). One that is not installed is left out of the table.
"""

from __future__ import annotations

import gzip
import importlib
import json
import re
import sys
import tarfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

from dateutil.relativedelta import relativedelta  # type: ignore[import-untyped]  # comes with dateparser

from benchmarks.content_corpora import DATA
from benchmarks.table import Row, print_table
from collectors.reading.dates import read_date
from collectors.reading.document import read_document
from collectors.reading.encoding import decode
from collectors.reading.language import detect
from collectors.reading.metadata import read_metadata
from collectors.reading.structured import read_items

Facts = Mapping[str, Any]  # title, authors, day, image
Reader = Callable[[bytes, str], Facts]
CYRILLIC = re.compile(r"koi8|1251|8859-5|cyrillic|866|855", re.IGNORECASE)


def lines(path: Path) -> Iterator[Any]:
    with gzip.open(path, "rt", encoding="utf-8") as file:
        yield from map(json.loads, file)


def files(archive: Path) -> dict[str, bytes]:
    with tarfile.open(archive) as opened:
        return {m.name.removeprefix("./"): f.read() for m in opened if m.isfile() and (f := opened.extractfile(m)) is not None}


def peer_module(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError:
        return None


def ours(body: bytes, url: str) -> Facts:
    document = read_document(decode(body)[0])
    found = read_metadata(document, read_items(document, url), url, None)
    moment = found.published_at.value if found.published_at else None
    return {"title": found.title, "authors": found.authors, "moment": moment, "image": found.image_url}


def by_trafilatura(body: bytes, url: str) -> Facts:
    found = peer_module("trafilatura").bare_extraction(body, url=url, with_metadata=True)
    told = found.as_dict() if found is not None else {}
    authors = tuple((told.get("author") or "").split("; ")) if told.get("author") else ()
    moment = datetime.fromisoformat(told["date"]) if told.get("date") else None
    return {"title": told.get("title"), "authors": authors, "moment": moment, "image": told.get("image")}


def by_newspaper(body: bytes, url: str) -> Facts:
    found = peer_module("newspaper").Article(url, fetch_images=False)
    found.download(input_html=body.decode("utf-8", "replace"))
    found.parse()
    return {"title": found.title, "authors": tuple(found.authors), "moment": found.publish_date, "image": found.top_image}


def by_htmldate(body: bytes, url: str) -> Facts:
    found = peer_module("htmldate").find_date(body.decode("utf-8", "replace"), url=url, original_date=True)
    return {"moment": datetime.fromisoformat(found) if found else None}


def folded(text: str | None) -> str:
    return " ".join((text or "").split()).lower()


def same_day(moment: datetime | None, wanted: datetime) -> bool:
    """The day as written, or the same day of UTC."""
    days: set[date] = set()
    if moment is not None:
        days.add(moment.date())
        if moment.tzinfo is not None:
            days.add(moment.astimezone(UTC).date())
    return wanted.date() in days


def fundus_case(entry: Any, told: Facts) -> Iterator[tuple[str, float]]:
    wanted = entry["expected"]
    if wanted.get("title"):
        yield "title", float(folded(told.get("title")) == folded(wanted["title"]))
    if wanted.get("publishing_date"):
        moment = told.get("moment")
        yield "day", float(moment is not None and moment.isoformat()[:10] == wanted["publishing_date"][:10])
    if wanted.get("authors"):
        names, found = {folded(name) for name in wanted["authors"]}, {folded(name) for name in told.get("authors") or ()}
        yield "authors F1", 2 * len(names & found) / (len(names) + len(found))


def postlight_case(entry: Any, told: Facts) -> Iterator[tuple[str, float]]:
    wanted = entry["expected"]
    if wanted.get("title"):
        yield "title", float(folded(told.get("title")) == folded(wanted["title"]))
    if wanted.get("author"):
        names = {folded(name) for name in re.split(r",| and |;", wanted["author"]) if name.strip()}
        yield "author", float(names == {folded(name) for name in told.get("authors") or ()})
    if wanted.get("date_published"):
        moment = datetime.fromisoformat(wanted["date_published"])
        yield "day", float(same_day(told.get("moment"), moment))
    if wanted.get("lead_image_url"):
        yield "lead image", float((told.get("image") or "").split("?")[0] == wanted["lead_image_url"].split("?")[0])


def htmldate_case(entry: Any, told: Facts) -> Iterator[tuple[str, float]]:
    moment = told.get("moment")
    yield "day", float(moment is not None and moment.date().isoformat() == entry["date"])


def tried(reader: Reader, body: bytes, url: str) -> Facts:
    try:
        return reader(body, url)
    except Exception:  # noqa: BLE001  a peer that fails on a page has read nothing of it
        return {}


def page_rows(
    dataset: str,
    cases: Iterable[tuple[Any, bytes, str]],
    score: Callable[[Any, Facts], Iterator[tuple[str, float]]],
    peers: dict[str, Reader],
) -> Iterator[Row]:
    kept = list(cases)
    readers = {"dozor": ours, **{name: reader for name, reader in peers.items() if peer_module(name)}}
    scores: dict[str, dict[str, list[float]]] = {name: defaultdict(list) for name in readers}
    speeds: dict[str, float] = {}
    for name, reader in readers.items():
        seconds = 0.0
        for entry, body, url in kept:
            began = time.perf_counter()
            told = ours(body, url) if name == "dozor" else tried(reader, body, url)
            seconds += time.perf_counter() - began
            for measure, value in score(entry, told):
                scores[name][measure].append(value)
        speeds[name] = len(kept) / seconds
    for measure, values in scores["dozor"].items():
        own = sum(values) / len(values)
        for name in list(readers)[1:] or [""]:
            theirs = scores[name].get(measure) if name else None
            share = sum(theirs) / len(theirs) if theirs else None
            yield Row(dataset, measure, own, name, share, speeds["dozor"], speeds.get(name))


def pages(with_newspaper: bool) -> Iterator[Row]:
    news = files(DATA / "fundus-news" / "html.tar.xz")
    entries = list(lines(DATA / "fundus-news" / "expected.jsonl.gz"))
    both: dict[str, Reader] = {"trafilatura": by_trafilatura}
    if with_newspaper:
        both["newspaper"] = by_newspaper
    yield from page_rows("fundus-news", ((e, news[e["file"]], e["url"]) for e in entries), fundus_case, both)
    posts = files(DATA / "postlight-pages" / "html.tar.xz")
    entries = list(lines(DATA / "postlight-pages" / "expected.jsonl.gz"))
    yield from page_rows("postlight-pages", ((e, posts[e["file"]], e["url"]) for e in entries), postlight_case, both)
    dated = files(DATA / "trafilatura-eval" / "html.tar.xz") | files(DATA / "htmldate-eval" / "html.tar.xz")
    with gzip.open(DATA / "htmldate-eval" / "dates.json.gz", "rt", encoding="utf-8") as file:
        truth = json.load(file)
    cases = ((entry, dated[entry["file"]], url) for url, entry in truth.items() if entry["file"] in dated)
    yield from page_rows("htmldate-eval", cases, htmldate_case, {"htmldate": by_htmldate, "trafilatura": by_trafilatura})


def date_strings() -> Iterator[Row]:
    import dateparser

    hits: dict[str, list[list[bool]]] = {"absolute": [[], []], "relative": [[], []]}
    seconds = [0.0, 0.0]
    for case in lines(DATA / "dateparser-cases" / "dates.jsonl.gz"):
        if case["kind"] not in hits:
            continue
        base = datetime.fromisoformat(case["now"])
        if case["kind"] == "absolute":
            wanted = datetime.fromisoformat(case["expected"])
        else:
            wanted = base + relativedelta(**{unit: count * case["sign"] for unit, count in case["delta"].items()})
        began = time.perf_counter()
        moment = read_date(case["text"], case["lang"], base)
        middle = time.perf_counter()
        peer = dateparser.parse(case["text"], languages=[case["lang"]], settings={"RELATIVE_BASE": base})
        seconds[0] += middle - began
        seconds[1] += time.perf_counter() - middle
        hits[case["kind"]][0].append(moment is not None and moment.value.replace(tzinfo=None) == wanted)
        hits[case["kind"]][1].append(peer is not None and peer.replace(tzinfo=None) == wanted)
    count = sum(len(found[0]) for found in hits.values())
    for kind, (own, theirs) in hits.items():
        speeds = (count / seconds[0], count / seconds[1])
        yield Row("dateparser-cases", kind, sum(own) / len(own), "dateparser", sum(theirs) / len(theirs), *speeds)


def encodings() -> Iterator[Row]:
    import chardet

    bodies = files(DATA / "encodings" / "files.tar.xz")
    hits: dict[str, list[list[bool]]] = {"all": [[], []], "Cyrillic": [[], []]}
    seconds = [0.0, 0.0]
    for entry in lines(DATA / "encodings" / "index.jsonl.gz"):
        body = bodies[entry["file"]]
        wanted = body.decode(entry["encoding"], "replace").lstrip("\ufeff")
        began = time.perf_counter()
        text, _ = decode(body)
        middle = time.perf_counter()
        peer = chardet.detect(body)["encoding"] or "ascii"
        seconds[0] += middle - began
        seconds[1] += time.perf_counter() - middle
        right = (text.lstrip("\ufeff") == wanted, body.decode(peer, "replace").lstrip("\ufeff") == wanted)
        for kind in ("all", "Cyrillic") if CYRILLIC.search(entry["encoding"]) else ("all",):
            hits[kind][0].append(right[0])
            hits[kind][1].append(right[1])
    count = len(hits["all"][0])
    for kind, (own, theirs) in hits.items():
        speeds = (count / seconds[0], count / seconds[1])
        yield Row("encodings", f"decoded right, {kind}", sum(own) / len(own), "chardet", sum(theirs) / len(theirs), *speeds)


def languages() -> Iterator[Row]:
    entries = list(lines(DATA / "language-id" / "texts.jsonl.gz"))
    lingua = peer_module("lingua")
    peer: Callable[[str], str | None] | None = None
    if lingua:
        codes = [getattr(lingua.IsoCode639_1, code.upper()) for code in sorted({entry["lang"] for entry in entries})]
        detector = lingua.LanguageDetectorBuilder.from_iso_codes_639_1(*codes).with_preloaded_language_models().build()

        def by_lingua(text: str) -> str | None:
            found = detector.detect_language_of(text)
            return found.iso_code_639_1.name.lower() if found else None

        peer = by_lingua
    detect("")  # loads the weights
    readers = [detect, peer] if peer else [detect]
    answers, speeds = [], []
    for reader in readers:
        began = time.perf_counter()
        answers.append([reader(entry["text"]) for entry in entries])
        speeds.append(len(entries) / (time.perf_counter() - began))
    kinds = {
        kind: [place for place, entry in enumerate(entries) if entry["kind"] == kind] for kind in ("sentences", "word-pairs")
    }
    kinds["ru uk be bg en told apart"] = [p for p in kinds["sentences"] if entries[p]["lang"] in {"ru", "uk", "be", "bg", "en"}]
    for kind, places in kinds.items():
        shares = [sum(found[place] == entries[place]["lang"] for place in places) / len(places) for found in answers]
        yield Row("language-id", kind, shares[0], "lingua" if peer else "", *(shares[1:] or [None]), *speeds)


def rows(with_newspaper: bool = False) -> Iterator[Row]:
    yield from pages(with_newspaper)
    yield from date_strings()
    yield from encodings()
    yield from languages()


if __name__ == "__main__":
    print_table(rows(with_newspaper="--newspaper" in sys.argv[1:]))
