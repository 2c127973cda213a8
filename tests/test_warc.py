"""Web archive files become captures of the watches that ask for them, and captures become a web archive file."""

from __future__ import annotations

import gzip
import io
import tarfile
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from collectors.archive import body_hash, capture_files, read_captures
from collectors.origins.warc import WarcError, export_warc, import_warc
from collectors.registry import sources
from collectors.runs import Run
from collectors.source import Capture, Watch
from tests.corpora import corpus

NOW = datetime(2026, 11, 1, 1, 10, tzinfo=UTC)
RUN = Run(run_id="past", kind="backfill", started_at=NOW, watchlist_version="1")
TEXT = "The copper samovar keeps its water warm for tea all evening long, and is made by hand in our own workshop. "
PAGE = f"<html lang=en><title>Copper samovar</title><body><h1>Copper samovar</h1><p>{TEXT * 3}</p></body></html>".encode()
HTML = [("Content-Type", "text/html; charset=utf-8")]
SITE = Watch(source="site", target="https://tea.example/")
ONE_PAGE = Watch(source="page", target="https://tea.example/samovar")


def warc(path: Path, *records: tuple[str, str, bytes, Sequence[tuple[str, str]], int]) -> Path:
    """A file of responses: (address, time, body as sent, headers, status)."""
    with path.open("wb") as file:
        writer = WARCWriter(file, gzip=True)
        for url, at, body, headers, code in records:
            http = StatusAndHeaders(f"{code} Said", list(headers), protocol="HTTP/1.1")
            said = {"WARC-Date": at}
            record = writer.create_warc_record(
                url, "response", payload=io.BytesIO(body), http_headers=http, warc_headers_dict=said
            )
            writer.write_record(record)
            record.raw_stream.close()
    return path


def read_in(store: Path, path: Path, *watches: Watch) -> list[Capture]:
    import_warc(store, RUN, path, watches, NOW)
    return list(read_captures(store))


def test_a_recorded_page_is_read_by_the_source_of_its_watch_as_of_its_own_time(tmp_path: Path) -> None:
    path = warc(tmp_path / "a.warc.gz", ("https://tea.example/samovar", "2019-03-04T05:06:07Z", PAGE, HTML, 200))
    captures = read_in(tmp_path, path, SITE, ONE_PAGE)

    assert {c.source for c in captures} == {"site", "page"}
    for capture in captures:
        [record, *_] = sources()[capture.source].parse(capture)
        assert (record.title, capture.origin) == ("Copper samovar", "warc")  # type: ignore[union-attr]
        assert (capture.observed_at, capture.fetched_at) == (datetime(2019, 3, 4, 5, 6, 7, tzinfo=UTC), NOW)
        assert capture.body == PAGE


def test_what_no_watch_asks_for_is_counted_and_left(tmp_path: Path) -> None:
    path = warc(tmp_path / "a.warc.gz", ("https://coffee.example/", "2019-03-04T05:06:07Z", PAGE, HTML, 200))
    imported = import_warc(tmp_path, RUN, path, [SITE, ONE_PAGE], NOW)

    assert (imported.captures.total(), imported.unasked) == (0, 1)
    assert "1 responses no watch asks for" in str(imported)


def test_importing_a_file_again_changes_nothing(tmp_path: Path) -> None:
    pages = [(f"https://tea.example/{n}", "2019-03-04T05:06:07Z", PAGE + b"%d" % n, HTML, 200) for n in range(5)]
    path = warc(tmp_path / "a.warc.gz", *pages)
    read_in(tmp_path, path, SITE)
    before = {file: file.read_bytes() for file in capture_files(tmp_path)}
    imported = import_warc(tmp_path, RUN, path, [SITE], NOW)

    assert {file: file.read_bytes() for file in capture_files(tmp_path)} == before
    assert (imported.captures.total(), imported.known) == (0, 5)


@pytest.mark.parametrize(
    ("code", "body", "headers", "verdict"),
    [
        (404, b"gone", HTML, "skip"),
        (503, b"later", HTML, "wait"),
        (200, b"<html><title>Just a moment...</title><body>Checking</body></html>", HTML, "blocked"),
        (200, b"no gzip at all", [*HTML, ("Content-Encoding", "gzip")], "failed"),
        (200, b"x", [*HTML, ("Content-Encoding", "gzip, gzip, gzip")], "failed"),
        (99999, PAGE, HTML, "failed"),
    ],
    ids=["404", "503", "challenge", "a lie", "packed thrice", "odd status"],
)
def test_a_recorded_answer_is_worth_what_it_was_worth_then(
    tmp_path: Path, code: int, body: bytes, headers: list[tuple[str, str]], verdict: str
) -> None:
    path = warc(tmp_path / "a.warc.gz", ("https://tea.example/samovar", "2019-03-04T05:06:07Z", body, headers, code))
    [capture] = read_in(tmp_path, path, ONE_PAGE)

    assert capture.verdict == verdict
    assert capture.verdict_reason


def test_a_recorded_bomb_does_not_go_off(tmp_path: Path) -> None:
    bomb = gzip.compress(bytes(200_000_000), 9)
    packed = [*HTML, ("Content-Encoding", "gzip")]
    path = warc(tmp_path / "a.warc.gz", ("https://tea.example/samovar", "2019-03-04T05:06:07Z", bomb, packed, 200))
    [capture] = read_in(tmp_path, path, ONE_PAGE)

    assert (capture.error, capture.body, capture.body_state) == ("bomb", None, "too_large")


def test_what_is_no_web_archive_is_refused_by_name(tmp_path: Path) -> None:
    (tmp_path / "notes.txt").write_text("these are notes, not records\n" * 20)

    with pytest.raises(WarcError, match=r"notes\.txt is not a web archive"):
        import_warc(tmp_path, RUN, tmp_path / "notes.txt", [SITE], NOW)


def test_what_is_exported_comes_back_the_same(tmp_path: Path) -> None:
    pages = [(f"https://tea.example/{n}", f"2019-03-0{n}T05:06:07.250000Z", PAGE + b"%d" % n, HTML, 200) for n in range(1, 5)]
    first = read_in(tmp_path / "one", warc(tmp_path / "a.warc.gz", *pages), SITE)
    assert export_warc(first, tmp_path / "out.warc.gz", "dozor/0") == 4
    second = read_in(tmp_path / "two", tmp_path / "out.warc.gz", SITE)

    def told(captures: list[Capture]) -> list[tuple[object, ...]]:
        return sorted((c.url, c.observed_at, c.body, c.http_status, c.media_type, c.charset, c.verdict) for c in captures)

    assert told(second) == told(first)


def test_an_unchanged_body_is_exported_as_a_revisit_and_comes_back_as_one(tmp_path: Path) -> None:
    page = ("https://tea.example/1", "2019-03-01T05:06:07Z", PAGE, HTML, 200)
    [first] = read_in(tmp_path / "one", warc(tmp_path / "a.warc.gz", page), SITE)
    again = replace(
        first, capture_id="cap_2", body=None, body_state="same", verdict="unchanged", observed_at=datetime(2020, 1, 1, tzinfo=UTC)
    )
    export_warc([first, again], tmp_path / "out.warc.gz", "dozor/0")
    original, revisit = sorted(read_in(tmp_path / "two", tmp_path / "out.warc.gz", SITE), key=lambda c: c.observed_at)

    assert (revisit.verdict, revisit.body_of, revisit.body_hash) == ("unchanged", original.capture_id, body_hash(PAGE))


# --- real files ---------------------------------------------------------------------------------------------------------------


def by_warcio(path: Path) -> Iterator[tuple[str, str]]:
    """(address, sha256 of the payload) of the responses that warcio reads."""
    with path.open("rb") as file:
        try:
            for record in ArchiveIterator(file, arc2warc=True):
                url = (record.rec_headers.get_header("WARC-Target-URI") or "").strip("<>")
                if record.rec_type in ("response", "resource") and url.startswith("http"):
                    yield url, body_hash(record.content_stream().read())
        except ArchiveLoadFailed:
            return


def test_real_files_sound_and_broken_give_what_warcio_reads(tmp_path: Path) -> None:
    files = tmp_path / "files"
    files.mkdir()
    with tarfile.open(corpus("warc-samples") / "files.tar") as tar:
        for member in tar:
            if (file := tar.extractfile(member)) is not None:
                (files / PurePosixPath(member.name).name).write_bytes(file.read())
    compared = 0
    for path in sorted(files.iterdir()):
        expected = sorted(by_warcio(path))
        watches = [Watch(source="page", target=url) for url, _ in expected]
        store = tmp_path / "stores" / path.name
        for _ in range(2):  # the second time changes nothing
            import_warc(store, RUN, path, watches, NOW)
        captures = sorted(read_captures(store), key=lambda c: c.url)
        found = [(c.url, c.body_hash) for c in captures]
        if (
            path.name == "example-trunc.warc"
        ):  # its gzip lost its end: warcio gives what there is, we do not take a part for a page
            assert [(c.url, c.verdict, c.error) for c in captures] == [(expected[0][0], "failed", "decode")]
        else:
            assert found == expected, path.name
        compared += len(found)
    assert compared >= 7
