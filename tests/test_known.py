"""What was seen before is derived from captures, merged between processes, and rebuilt from the archive."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from collectors.known import KnownSource, forget, rebuild
from tests.test_archive import NOW, capture, write


def fetched(store: Path, fingerprint: str) -> object:
    return KnownSource(store, "site").of("w").fetched(fingerprint)


def test_an_answer_is_remembered_with_its_validators(tmp_path: Path) -> None:
    first = capture(1, headers={"etag": '"a"', "last-modified": "Sun, 01 Nov 2026 00:00:00 GMT"})
    known = KnownSource(tmp_path, "site")
    known.note_capture(first)
    known.save()

    found = KnownSource(tmp_path, "site").of("w").fetched(first.fingerprint)
    assert found is not None
    assert (found.etag, found.capture_id, found.body_hash) == ('"a"', first.capture_id, first.body_hash)


def test_the_fewest_clicks_to_a_page_are_remembered(tmp_path: Path) -> None:
    for depth in (3, 1, 2):
        known = KnownSource(tmp_path, "site")
        known.note_capture(replace(capture(1), depth=depth))
        known.save()

    found = KnownSource(tmp_path, "site").of("w").fetched(capture(1).fingerprint)
    assert found is not None
    assert found.depth == 1


def test_a_304_keeps_the_body_and_moves_the_last_sight(tmp_path: Path) -> None:
    first = capture(1, headers={"etag": '"a"'})
    again = replace(
        first,
        capture_id="cap_x",
        verdict="unchanged",
        http_status=304,
        body=None,
        body_of=first.capture_id,
        headers={},
        fetched_at=NOW + timedelta(days=1),
    )
    known = KnownSource(tmp_path, "site")
    known.note_capture(first)
    known.note_capture(again)

    found = known.of("w").fetched(first.fingerprint)
    assert found is not None
    assert (found.capture_id, found.etag) == (first.capture_id, '"a"')
    assert (found.first_fetched_at, found.last_fetched_at) == (NOW, NOW + timedelta(days=1))


def test_a_page_that_is_gone_says_since_when_and_until_it_is_back(tmp_path: Path) -> None:
    first = capture(1)
    gone = replace(first, http_status=404, verdict="skip", body=None, body_of="", fetched_at=NOW + timedelta(days=1))
    known = KnownSource(tmp_path, "site")
    known.note_capture(first)
    known.note_capture(gone)
    known.note_capture(replace(gone, fetched_at=NOW + timedelta(days=2)))

    found = known.of("w").fetched(first.fingerprint)
    assert found is not None
    assert found.gone_since == NOW + timedelta(days=1)
    known.note_capture(replace(first, fetched_at=NOW + timedelta(days=3)))
    back = known.of("w").fetched(first.fingerprint)
    assert back is not None
    assert back.gone_since is None


def test_two_processes_that_save_lose_nothing_of_each_other(tmp_path: Path) -> None:
    one, two = KnownSource(tmp_path, "site"), KnownSource(tmp_path, "site")
    one.note_seen("w", "1", NOW, NOW)
    two.note_seen("w", "2", NOW, NOW)
    one.save()
    two.save()

    assert {seen.native_id for seen in KnownSource(tmp_path, "site").of("w").all_seen()} == {"1", "2"}


def test_the_file_is_rebuilt_from_the_archive(tmp_path: Path) -> None:
    first = capture(1, headers={"etag": '"a"'})
    write(tmp_path, first)
    known = KnownSource(tmp_path, "site")
    known.note_capture(first)
    known.save()
    before = fetched(tmp_path, first.fingerprint)
    rebuild(tmp_path, "site")

    assert fetched(tmp_path, first.fingerprint) == before


def test_what_was_erased_is_asked_for_anew(tmp_path: Path) -> None:
    first = capture(1)
    known = KnownSource(tmp_path, "site")
    known.note_capture(first)
    known.save()
    forget(tmp_path, "site", {first.capture_id})

    assert fetched(tmp_path, first.fingerprint) is None
