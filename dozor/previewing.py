"""What a query would find in the published warehouse: its texts one by one, and the answer in lines."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC
from pathlib import Path

from dozor.topics import Preview, Row
from transforms.mentions.evaluate import Document
from warehouse.query import connect

CHUNK = 2_000  # texts read at a time
BAR = 40  # characters of the longest bar

# The same texts, with what is known about them, that the mention engine reads each night (core.mention_found).
_TEXTS = """
WITH seen AS (
    SELECT record_id, watch_id FROM core.publication_watch
    UNION ALL
    SELECT record_id, watch_id FROM core.record_watch WHERE record_id IN (SELECT record_id FROM core.review)
),
wanted AS (
    SELECT DISTINCT s.record_id FROM seen AS s JOIN ref.watch_entity AS e USING (watch_id)
    WHERE $project IS NULL OR e.project_id = $project
)
SELECT p.published_at, p.title, t.text, coalesce(p.author, p.channel_title), p.source, p.url, p.lang, p.kind, NULL, NULL,
    c.follower_count
FROM core.publication AS p JOIN wanted USING (record_id) LEFT JOIN obs.text AS t USING (text_hash)
LEFT JOIN core.counter_latest AS c USING (record_id)
UNION ALL
SELECT r.published_at, r.title, t.text, r.author, r.source, r.url, r.lang, 'review', r.country, r.rating_value, NULL
FROM core.review AS r JOIN wanted USING (record_id) LEFT JOIN obs.text AS t USING (text_hash)
"""


def texts(store: Path, project: str | None = None) -> Iterator[Row]:
    """The texts of a project, or of all; a few at a time, so that memory does not grow with the archive."""
    with connect(store) as connection:
        found = connection.execute(_TEXTS, {"project": project})
        while chunk := found.fetchmany(CHUNK):
            for at, title, text, author, source, url, lang, kind, country, rating, followers in chunk:
                document = Document(
                    text=text or "",
                    title=title,
                    author=author,
                    source=source,
                    url=url,
                    lang=lang,
                    kind=kind,
                    country=country,
                    rating=rating,
                    followers=followers,
                    published_at=at.replace(tzinfo=UTC) if at is not None else None,
                )
                yield Row(at.date() if at is not None else None, document)


def describe(seen: Preview) -> Iterator[str]:
    """The preview as lines for a terminal; places are marked by [brackets]."""
    share = f" ({100 * seen.mention_count / seen.text_count:.1f} %)" if seen.text_count else ""
    yield f"Found in {seen.mention_count} of {seen.text_count} texts{share}."
    most = max(seen.per_week.values(), default=0)
    for monday, count in seen.per_week.items():
        yield f"  week of {monday}  {count:>6}  {'#' * round(BAR * count / most) if most else ''}".rstrip()
    if seen.undated_count:
        yield f"  without a date      {seen.undated_count:>6}"
    if seen.examples:
        yield "A sample, to judge how many are meant:"
    for example in seen.examples:
        yield f"  {example.published_date or 'undated'}  {_marked(example.snippet, example.spans)}  {example.url or ''}".rstrip()
    if seen.neighbours:
        yield "Words that stand near; those of another meaning can be excluded (in mentions, times as often as elsewhere):"
    for word in seen.neighbours:
        yield f"  {word.word}  {word.mention_count}  {word.lift:g}"


def _marked(text: str, spans: tuple[tuple[int, int], ...]) -> str:
    for start, end in sorted(spans, reverse=True):
        text = f"{text[:start]}[{text[start:end]}]{text[end:]}"
    return " ".join("".join(character if character.isprintable() else " " for character in text).split())
