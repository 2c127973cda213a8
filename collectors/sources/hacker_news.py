"""Hacker News stories and comments that match a query (Algolia search API).

Keyless, 10 000 calls an hour. The API stops silently at 1 000 hits, so a fuller window is halved until each part fits.
Contract: https://hn.algolia.com/api
"""

from collections.abc import Iterator
from typing import Any

from collectors.reading.fragments import links_from_html, text_from_html
from collectors.records import Counters, Publication
from collectors.source import (
    EMPTY,
    OK,
    Capture,
    Expect,
    Known,
    ParseError,
    Request,
    Source,
    Verdict,
    Watch,
    Window,
    changed,
    stop_watch,
    wait,
)
from collectors.verdicts import judge_by_status

REACHABLE_HITS = 1000
HITS_PER_PAGE = 200

SOURCE = Source(
    name="hacker_news",
    kinds=(Publication,),
    mode="interval",
    cadence="nightly",
    base_url="https://hn.algolia.com/api/v1",
    hosts=("hn.algolia.com",),
    target="a search query; a phrase in double quotes is searched as it stands",
    role="earned",
    pace_seconds=1.0,
    overlap_days=3,  # scores and comments move for about three days
    obeys_robots=False,  # a documented API
    terms_url="https://news.ycombinator.com/newsguidelines.html",
    expect=Expect(min_records=0, max_silence_days=30),
    version=1,
)


def canonical_target(target: str) -> str:
    return " ".join(target.split())


def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
    yield _search(watch.target, window)


def judge(capture: Capture) -> Verdict:
    if capture.http_status in (403, 429):  # Algolia's limit; neither names a time
        return wait(600, f"answered {capture.http_status}: too many calls")
    if capture.http_status == 400:
        return stop_watch("answered 400: the query or its filter is not understood")
    verdict = judge_by_status(capture)
    if verdict is not OK:
        return verdict
    try:
        return OK if _hits(capture) else EMPTY
    except ParseError as error:
        return changed(str(error))


def follow(capture: Capture, known: Known) -> Iterator[Request]:
    answer = capture.json()
    query, window = capture.context["query"], Window.from_context(capture.context)
    if answer["nbHits"] > REACHABLE_HITS and window.until_epoch - window.since_epoch > 1:
        yield from (_search(query, half) for half in window.halves())
    elif (page := answer["page"] + 1) < answer["nbPages"]:
        yield _search(query, window, page)


def parse(capture: Capture) -> Iterator[Publication]:
    for hit in _hits(capture):
        is_comment = "comment" in hit["_tags"]
        body = hit.get("comment_text") or hit.get("story_text") or ""
        story_id = str(hit["story_id"]) if hit.get("story_id") else None
        yield Publication(
            kind="comment" if is_comment else "post",
            native_id=hit["objectID"],
            url=f"https://news.ycombinator.com/item?id={hit['objectID']}",
            parent_id=str(hit["parent_id"]) if is_comment and hit.get("parent_id") else None,
            thread_id=story_id if is_comment else hit["objectID"],
            author=hit["author"],
            author_url=f"https://news.ycombinator.com/user?id={hit['author']}",
            published_at=capture.utc(hit["created_at_i"]),
            title=hit.get("title"),
            text=text_from_html(body) or None,
            links=tuple(dict.fromkeys(([hit["url"]] if hit.get("url") else []) + links_from_html(body))),  # links are shown cut
            # a comment's score is never public: None, not 0
            counters=Counters(likes=None if is_comment else hit.get("points"), comments=hit.get("num_comments")),
            extra={"tags": hit["_tags"], **{key: hit[key] for key in ("story_title", "story_url") if hit.get(key)}},
        )


def _hits(capture: Capture) -> list[dict[str, Any]]:
    answer = capture.json()
    if not isinstance(answer, dict) or not isinstance(answer.get("hits"), list):
        raise ParseError(f'expected an object with "hits" from {capture.url}')
    return list(answer["hits"])


def _search(query: str, window: Window, page: int = 0) -> Request:
    return Request(
        path="/search_by_date",
        params={
            "query": query,
            "tags": "(story,comment)",
            "numericFilters": f"created_at_i>={window.since_epoch},created_at_i<{window.until_epoch}",
            "advancedSyntax": "true",  # "exact phrase" in quotes
            "typoTolerance": "false",  # a brand's name is not a typing error
            "hitsPerPage": HITS_PER_PAGE,
            "page": page,
        },
        context={"query": query, **window.as_context()},
    )
