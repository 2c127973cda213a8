"""JSON Feed 1.0 and 1.1 (https://www.jsonfeed.org/version/1.1)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urljoin

from collectors.reading.dates import read_date
from collectors.reading.feed_items import Feed, FeedItem, Media, plain
from collectors.reading.feed_xml import FeedError
from collectors.reading.fragments import text_from_html
from collectors.reading.model import Moment


def read_json_feed(text: str, url: str | None, encoding: str) -> Feed:
    """The feed in a JSON text; FeedError when the text is no JSON Feed."""
    try:
        data = json.loads(text, strict=False)
    except (ValueError, RecursionError) as error:
        raise FeedError(f"starts like JSON but is not: {type(error).__name__}") from error
    if not isinstance(data, dict) or not isinstance(data.get("items"), list):
        raise FeedError("JSON without a list of items is no feed")
    authors = _authors(data)
    version = _str(data, "version").rstrip("/").rpartition("/")[2]
    return Feed(
        format="json",
        version=version or None,
        title=plain(_str(data, "title"), is_html=False),
        url=_address(data, url, "home_page_url"),
        feed_url=_address(data, url, "feed_url"),
        next_url=_address(data, url, "next_url"),
        hub_url=next((_str(hub, "url") or None for hub in _dicts(data, "hubs")), None),
        description=plain(_str(data, "description"), is_html=False),
        lang=_lang(data),
        authors=authors,
        image_url=_address(data, url, "icon") or _address(data, url, "favicon"),
        items=tuple(_item(item, url, authors) for item in data["items"] if isinstance(item, dict)),
        encoding=encoding,
    )


def _item(item: Mapping[str, Any], url: str | None, feed_authors: tuple[str, ...]) -> FeedItem:
    markup = _str(item, "content_html")
    tags = tuple(dict.fromkeys(str(tag) for tag in item.get("tags") or () if isinstance(tag, str | int)))
    address = _address(item, url, "url") or _address(item, url, "external_url")
    native = item.get("id")
    return FeedItem(
        id=str(native) if isinstance(native, str | int | float) and native != "" else address,
        url=address,
        title=plain(_str(item, "title"), is_html=False),
        authors=_authors(item) or feed_authors,
        published_at=_moment(item, "date_published"),
        modified_at=_moment(item, "date_modified"),
        text=_str(item, "content_text").strip() or text_from_html(markup) or _str(item, "summary").strip(),
        html=markup,
        summary=plain(_str(item, "summary"), is_html=False),
        tags=tags,
        section=tags[0] if tags else None,
        lang=_lang(item),
        media=tuple(
            Media(
                url=urljoin(url or "", _str(file, "url")),
                media_type=_str(file, "mime_type") or None,
                length=_whole(file.get("size_in_bytes")),
                seconds=_whole(file.get("duration_in_seconds")),
                title=_str(file, "title") or None,
            )
            for file in _dicts(item, "attachments")
            if _str(file, "url")
        ),
        image_url=_address(item, url, "image") or _address(item, url, "banner_image"),
    )


def _str(data: Mapping[str, Any], key: str) -> str:
    value = data.get(key)
    return value if isinstance(value, str) else ""


def _dicts(data: Mapping[str, Any], key: str) -> list[Mapping[str, Any]]:
    value = data.get(key)
    return [entry for entry in value if isinstance(entry, dict)] if isinstance(value, list) else []


def _address(data: Mapping[str, Any], base: str | None, key: str) -> str | None:
    value = _str(data, key).strip()
    try:
        return urljoin(base or "", value) or None if value else None
    except ValueError:
        return value


def _authors(data: Mapping[str, Any]) -> tuple[str, ...]:
    single = data.get("author")
    people = _dicts(data, "authors") or ([single] if isinstance(single, dict) else [])
    names = [_str(person, "name") or _str(person, "url") for person in people]
    if isinstance(single, str):
        names.append(single)
    return tuple(dict.fromkeys(name.strip() for name in names if name.strip()))


def _moment(data: Mapping[str, Any], key: str) -> Moment | None:
    return read_date(_str(data, key), "en", strict=True)


def _lang(data: Mapping[str, Any]) -> str | None:
    return _str(data, "language").partition("-")[0].lower() or None


def _whole(value: Any) -> int | None:
    return int(value) if isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < 1e15 else None
