"""Posts and audience of a public Telegram channel, from its web preview (t.me/s/channel).

Keyless HTML, about 20 messages a page, paged back by the smallest id. Counters are compact ("15.4K"); the exact number of
subscribers stands only on the plain page t.me/channel. A group, a user or a channel without preview redirects there. Links
that ask before they open are escaped twice, so an `erid` in them is read after unescaping again.
"""

import binascii
import json
import re
from base64 import urlsafe_b64decode
from collections.abc import Iterator
from datetime import UTC, datetime
from html import unescape

from selectolax.lexbor import LexborHTMLParser, LexborNode

from collectors.marking import ad_columns
from collectors.reading.bounds import check_bounds
from collectors.reading.fragments import text_from_html
from collectors.reading.model import PageError
from collectors.reading.prices import read_count
from collectors.records import Channel, Counters, Publication
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
)
from collectors.verdicts import judge_by_status

SOURCE = Source(
    name="telegram_channel",
    kinds=(Publication, Channel),
    mode="interval",
    cadence="nightly",
    base_url="https://t.me",
    hosts=("t.me",),
    target="the name of a public channel: @name, name or https://t.me/name",
    target_pattern=r"[a-z][a-z0-9_]{3,31}",
    pace_seconds=2.0,
    overlap_days=14,  # views and reactions move for about two weeks
    max_requests=2_000,  # pages; the longest channels have tens of thousands of posts
    terms_url="https://telegram.org/tos",
    expect=Expect(fill={"channel_title": 0.9}),
    version=1,
)

FOREVER = Window(datetime(2013, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC))  # Telegram is younger

_MEDIA = (
    ("photo", ".tgme_widget_message_photo_wrap"),
    ("video", ".tgme_widget_message_video_player, .tgme_widget_message_roundvideo_player"),
    ("voice", ".tgme_widget_message_voice"),
    ("document", ".tgme_widget_message_document_wrap"),
    ("sticker", ".tgme_widget_message_sticker, .tgme_widget_message_tgsticker, .tgme_widget_message_videosticker"),
    ("poll", ".tgme_widget_message_poll"),
    ("link_card", ".tgme_widget_message_link_preview"),
)
_POST_ADDRESS = re.compile(r"https?://t\.me/(?:s/)?([A-Za-z0-9_]+)/(\d+)")


def canonical_target(target: str) -> str:
    name = re.sub(r"^(?:https?://)?(?:www\.)?(?:t|telegram)\.me/(?:s/)?", "", target, flags=re.IGNORECASE)
    return re.split(r"[/?#]", name)[0].removeprefix("@").lower()


def plan(watch: Watch, window: Window, known: Known) -> Iterator[Request]:
    yield Request(path=f"/{watch.target}", label="channel", context={"channel": watch.target})
    yield _posts(watch.target, window)


def request_for(watch: Watch, url: str) -> Request | None:
    """How the watch would have asked for a page found in a web archive."""
    found = re.fullmatch(rf"https?://t\.me/(s/)?{watch.target}/?(?:\?before=(\d+))?", url, re.IGNORECASE)
    if found is None:
        return None
    if not found[1]:
        return Request(path=f"/{watch.target}", label="channel", context={"channel": watch.target})
    return _posts(watch.target, FOREVER, before=int(found[2]) if found[2] else None)


def judge(capture: Capture) -> Verdict:
    verdict = judge_by_status(capture)
    if verdict is not OK or capture.label != "posts":
        return verdict
    if "/s/" not in capture.final_url:
        return stop_watch(f"{capture.context['channel']} has no public preview: a group, a user, private, or no such name")
    body = capture.body or b""
    if b"tgme_channel_history" not in body:
        return changed("a page without the list of posts: restricted content, or a new layout")
    if b"data-post=" not in body:
        return EMPTY if b"tme_no_messages_found" in body else changed("a list of posts without posts and without saying so")
    return OK


def follow(capture: Capture, known: Known) -> Iterator[Request]:
    if capture.label != "posts":
        return
    tree, window = _tree(capture), Window.from_context(capture.context)
    posts = [post for post in parse(capture) if isinstance(post, Publication)]
    if not posts or tree.css_first("link[rel=prev], .tme_messages_more[data-before]") is None:
        return
    oldest = min(posts, key=_number)
    is_gap = known.seen(oldest.native_id or "") is None and next(known.all_seen(), None) is not None
    if is_gap or (oldest.published_at and oldest.published_at >= window.since):
        yield _posts(capture.context["channel"], window, before=_number(oldest))


def parse(capture: Capture) -> Iterator[Publication | Channel]:
    tree = _tree(capture)
    if capture.label == "channel":
        yield _channel(tree, capture)
        return
    if tree.css_first(".tgme_channel_history") is None:
        raise ParseError(f"no list of posts (.tgme_channel_history) on {capture.url}")
    messages = tree.css(".tgme_widget_message[data-post]:not(.service_message)")
    if "before" not in capture.context and (header := tree.css_first(".tgme_channel_info")):
        yield _channel_header(header, messages, capture)
    for message in messages:
        yield _post(message)


def _posts(channel: str, window: Window, before: int | None = None) -> Request:
    context = {"channel": channel, **window.as_context()}
    return Request(
        path=f"/s/{channel}",
        params={"before": before},
        label="posts",
        context=context if before is None else {**context, "before": before},
    )


def _tree(capture: Capture) -> LexborHTMLParser:
    text = (capture.body or b"").decode("utf-8", "replace")
    try:
        check_bounds(text)
    except PageError as error:
        raise ParseError(f"{capture.url}: {error}") from error
    return LexborHTMLParser(text)


def _post(message: LexborNode) -> Publication:
    address = message.attributes["data-post"] or ""
    name, _, number = address.partition("/")
    channel = _channel_id(message) or name.lower()
    content = _content(message)
    links = tuple(dict.fromkeys(_links(message)))
    title = _text(message, ".tgme_widget_message_owner_name")
    forward = message.css_first(".tgme_widget_message_forwarded_from_name")
    forward_url = forward.attributes.get("href") if forward else None
    reply = _POST_ADDRESS.match(_href(message, "a.tgme_widget_message_reply") or "")
    views = _count(_text(message, ".tgme_widget_message_views"))
    reactions, are_rounded = _reactions(message)
    time = message.css_first(".tgme_widget_message_date time[datetime]")
    if time is None:
        raise ParseError(f"post {address} has no time")
    return Publication(
        kind="post",
        native_id=f"{channel}/{number}",
        url=f"https://t.me/{address}",
        published_at=datetime.fromisoformat(time.attributes["datetime"] or "").astimezone(UTC),
        is_edited=bool(re.search(r"\bedited\b", _text(message, ".tgme_widget_message_meta") or "")),
        text=content,
        author=_text(message, ".tgme_widget_message_from_author") or title,
        channel=channel,
        channel_title=title,
        parent_id=f"{channel}/{reply[2]}" if reply and reply[1].lower() == name.lower() else None,
        repost_of_url=forward_url,
        repost_of_name=_text(message, ".tgme_widget_message_forwarded_from_name"),
        links=links,
        media=_media(message),
        counters=Counters(
            likes=sum(count for key, count in reactions.items() if key != "paid:star") if reactions else None,
            views=views[0] if views else None,
            reactions=reactions or None,
            is_rounded=bool(views and views[1]) or are_rounded,
        ),
        **ad_columns(content or "", links),
        extra=_extra(message),
    )


def _content(message: LexborNode) -> str | None:
    """The post's own words: never the quoted parent; a poll's question and options count."""
    bodies = message.css(".tgme_widget_message_text.js-message_text")
    parts = [
        text_from_html(body.html or "") for body in bodies if not _is_inside_body(body)
    ]  # an album's caption is nested in itself
    parts += [text_from_html(node.html or "") for node in message.css(".message_media_not_supported_wrap .media_supported_cont")]
    for poll in message.css(".tgme_widget_message_poll"):
        lines = poll.css(".tgme_widget_message_poll_question, .tgme_widget_message_poll_option_text")
        parts.append("\n".join(line.text(strip=True) for line in lines))
    return "\n".join(dict.fromkeys(part for part in parts if part)) or None


def _is_inside_body(node: LexborNode) -> bool:
    return node.parent is not None and "js-message_text" in (node.parent.attributes.get("class") or "")


def _links(message: LexborNode) -> Iterator[str]:
    places = ".js-message_text a[href], .tgme_widget_message_link_preview, .tgme_widget_message_inline_button[href]"
    for anchor in message.css(places):
        href = unescape(anchor.attributes.get("href") or "")
        if href.startswith(("http://", "https://")) and "js-message_reply_text" not in (anchor.attributes.get("class") or ""):
            yield href


def _reactions(message: LexborNode) -> tuple[dict[str, int], bool]:
    """Counts by emoji, `custom:<id>` or `paid:star`, and whether any was rounded."""
    found: dict[str, int] = {}
    rounded = False
    for reaction in message.css(".tgme_widget_message_reactions .tgme_reaction"):
        emoji, custom = reaction.css_first("i.emoji b"), reaction.css_first("tg-emoji")
        if "tgme_reaction_paid" in (reaction.attributes.get("class") or ""):
            key = "paid:star"
        elif custom is not None:
            key = f"custom:{custom.attributes.get('emoji-id')}"
        else:
            key = emoji.text(strip=True) if emoji else "?"
        count = _count(reaction.text(deep=False, strip=True))
        if count:
            found[key] = found.get(key, 0) + count[0]
            rounded = rounded or count[1]
    return found, rounded


def _media(message: LexborNode) -> tuple[str, ...]:
    kinds = []
    for kind, selector in _MEDIA:
        for node in message.css(selector):
            if (
                kind == "video"
                and "roundvideo" not in (node.attributes.get("class") or "")
                and not node.css_first(".message_video_play")
            ):
                kinds.append("gif")
            elif kind == "document" and node.css_first(".audio"):
                kinds.append("audio")
            else:
                kinds.append(kind)
    return tuple(kinds)


def _extra(message: LexborNode) -> dict[str, str]:
    said = {
        "forwarded_from_author": _text(message, ".tgme_widget_message_forwarded_from_author"),
        "via_bot": _text(message, ".tgme_widget_message_via_bot"),
        "location": _href(message, ".tgme_widget_message_location_wrap"),
        "card_title": _text(message, ".link_preview_title"),
        "card_description": _text(message, ".link_preview_description"),
        "poll_voters": _text(message, ".tgme_widget_message_voters"),
    }
    return {key: value for key, value in said.items() if value}


def _channel(tree: LexborHTMLParser, capture: Capture) -> Channel:
    """The plain page: the exact number of subscribers."""
    name, said = capture.context["channel"], _text(tree, ".tgme_page_extra") or ""
    count = re.search(r"([\d\s]+)\s(subscribers?|members?)\b", said)
    if count is None:
        raise ParseError(f"{capture.url} shows no number of subscribers: not a public channel, or a new layout")
    return Channel(
        url=f"https://t.me/{name}",
        handle=name,
        title=_text(tree, ".tgme_page_title span") or _text(tree, ".tgme_page_title"),
        description=_text(tree, ".tgme_page_description"),
        kind="channel" if count[2].startswith("subscriber") else "group",
        follower_count=int("".join(count[1].split())),
        is_verified=tree.css_first(".tgme_page_title .verified-icon") is not None,
    )


def _channel_header(header: LexborNode, messages: list[LexborNode], capture: Capture) -> Channel:
    """The head of the preview: rounded numbers, and the channel's number, which outlives its name."""
    counters = {
        (node.css_first(".counter_type") or node).text(strip=True): (node.css_first(".counter_value") or node).text(strip=True)
        for node in header.css(".tgme_channel_info_counter")
    }
    subscribers = next((_count(value) for kind, value in counters.items() if kind.startswith(("subscriber", "member"))), None)
    channel_id = next((found for message in messages if (found := _channel_id(message))), None)
    return Channel(
        url=f"https://t.me/{capture.context['channel']}",
        handle=capture.context["channel"],
        title=_text(header, ".tgme_channel_info_header_title"),
        description=_text(header, ".tgme_channel_info_description"),
        kind="channel",
        follower_count=subscribers[0] if subscribers else None,
        is_rounded=bool(subscribers and subscribers[1]),
        is_verified=header.css_first(".verified-icon") is not None,
        is_partial=True,  # the plain page says it exactly
        extra={"channel_id": channel_id, "counters": counters},
    )


def _channel_id(message: LexborNode) -> str | None:
    """The channel's own number, from the base64 JSON of `data-view`; it stays when the channel is renamed."""
    view = message.attributes.get("data-view") or ""
    try:
        return str(json.loads(urlsafe_b64decode(view + "=" * (-len(view) % 4)))["c"])
    except (binascii.Error, ValueError, KeyError, TypeError):
        return None


def _number(post: Publication) -> int:
    return int((post.native_id or "").rpartition("/")[2])


def _text(node: LexborNode | LexborHTMLParser, selector: str) -> str | None:
    found = node.css_first(selector)
    return text_from_html(found.html or "") or None if found is not None else None


def _href(node: LexborNode, selector: str) -> str | None:
    found = node.css_first(selector)
    return found.attributes.get("href") if found is not None else None


def _count(text: str | None) -> tuple[int, bool] | None:
    """A compact counter and whether it is rounded."""
    count = read_count(text) if text else None
    return (count[0], count[1] > 1) if count else None
