import gzip
import json
import tarfile
import time
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.reading.feeds import FeedError, read_feed
from tests.corpora import corpus

URL = "https://vestnik.example/rss.xml"
RSS = """<?xml version="1.0" encoding="utf-8"?>
<rss version="2.0" xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:content="http://purl.org/rss/1.0/modules/content/"
  xmlns:media="http://search.yahoo.com/mrss/" xmlns:itunes="http://www.itunes.com/dtds/podcast-1.0.dtd">
<channel><title>Вестник Примера</title><link>https://vestnik.example/</link><language>ru-RU</language>
 <item><guid isPermaLink="false">v-10421</guid><title>«Ромашка» открыла склад &amp; офис</title>
  <link>/news/10421</link><dc:creator>И. Тестов</dc:creator><pubDate>Mon, 02 Nov 2026 09:15:00 +0300</pubDate>
  <category>Бизнес</category><category>Тула</category><description><![CDATA[<p>Короткий анонс.</p>]]></description>
  <content:encoded><![CDATA[<p>Первый абзац.</p><p>Второй &mdash; длиннее.</p>]]></content:encoded>
  <enclosure url="/a.mp3" type="audio/mpeg" length="123"/><itunes:duration>01:02:03</itunes:duration>
  <media:thumbnail url="https://cdn.example/t.jpg"/><comments>https://vestnik.example/news/10421#c</comments></item>
 <item><guid>https://vestnik.example/news/2</guid><title>Без ссылки</title>
  <author>ann@vestnik.example (Анна Первая)</author></item>
</channel></rss>"""


def feed(markup: str, url: str | None = URL):
    return read_feed(markup.encode(), url)


def test_an_rss_item_is_read_with_its_extensions():
    read = feed(RSS)
    item = read.items[0]

    assert (read.format, read.version, read.title, read.lang) == ("rss", "2.0", "Вестник Примера", "ru")
    assert (item.id, item.url, item.title) == ("v-10421", "https://vestnik.example/news/10421", "«Ромашка» открыла склад & офис")
    assert item.published_at is not None
    assert item.published_at.value == datetime(2026, 11, 2, 9, 15, tzinfo=timezone(timedelta(hours=3)))
    assert (item.authors, item.tags, item.section) == (("И. Тестов",), ("Бизнес", "Тула"), "Бизнес")
    assert (item.text.split("\n")[0], item.summary) == ("Первый абзац.", "Короткий анонс.")
    assert item.text.endswith("Второй — длиннее.")
    assert (item.media[0].url, item.media[0].length, item.media[0].seconds) == ("https://vestnik.example/a.mp3", 123, 3723)
    assert (item.image_url, item.comments_url) == ("https://cdn.example/t.jpg", "https://vestnik.example/news/10421#c")


def test_a_permanent_guid_stands_in_for_a_missing_link():
    item = feed(RSS).items[1]

    assert item.url == "https://vestnik.example/news/2"
    assert (item.authors, item.author_emails) == (("Анна Первая",), ("ann@vestnik.example",))


ATOM = """<feed xmlns="http://www.w3.org/2005/Atom" xml:base="https://vestnik.example/" xml:lang="ru"><title>Вестник</title>
<link rel="self" href="atom.xml"/><link href="/"/><link rel="next" href="?page=2"/><link rel="hub" href="https://hub.example/"/>
<author><name>Редактор</name></author>
<entry><id>tag:1</id><title type="text">1 &lt; 2</title><link rel="enclosure" href="a.mp3"/><link href="news/1"/>
 <published>2026-11-01T10:00:00Z</published><updated>2026-11-02T10:00:00Z</updated><category term="t" label="Метка"/>
 <content type="xhtml"><div xmlns="http://www.w3.org/1999/xhtml"><p>Текст <b>жирный</b></p></div></content></entry></feed>"""


def test_an_atom_entry_inherits_base_language_and_author():
    read = feed(ATOM)
    item = read.items[0]

    assert (read.feed_url, read.next_url, read.hub_url) == (
        "https://vestnik.example/atom.xml",
        "https://vestnik.example/?page=2",
        "https://hub.example/",
    )
    assert (item.url, item.authors, item.lang, item.tags) == ("https://vestnik.example/news/1", ("Редактор",), "ru", ("Метка",))
    assert item.title == "1 < 2"
    assert item.text == "Текст жирный"
    assert item.modified_at is not None
    assert item.modified_at.value == datetime(2026, 11, 2, 10, tzinfo=UTC)


def test_rdf_items_stand_beside_the_channel():
    read = feed(
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" xmlns="http://purl.org/rss/1.0/" '
        'xmlns:dc="http://purl.org/dc/elements/1.1/"><channel rdf:about="https://a.example/"><title>A</title></channel>'
        '<item rdf:about="https://a.example/1"><title>B</title><dc:date>2026-11-01</dc:date></item></rdf:RDF>'
    )

    assert (read.format, read.version, len(read.items)) == ("rdf", "1.0", 1)
    assert read.items[0].url == "https://a.example/1"


def test_a_json_feed_is_told_by_its_first_character():
    read = feed(
        json.dumps(
            {
                "version": "https://jsonfeed.org/version/1.1",
                "title": "Вестник",
                "authors": [{"name": "Редактор"}],
                "items": [
                    {"id": 7, "url": "/7", "content_html": "<p>Да</p>", "date_published": "2026-11-01T10:00:00Z", "tags": ["a"]}
                ],
            }
        )
    )
    item = read.items[0]

    assert (read.format, read.version) == ("json", "1.1")
    assert (item.id, item.url, item.text, item.authors) == ("7", "https://vestnik.example/7", "Да", ("Редактор",))


@pytest.mark.parametrize(
    "markup",
    [
        "<rss><channel><item><title>A &nbsp; B</title><link>https://a.example/1</link></item></channel></rss>",
        "<rss><channel><item><title>A & B</title><link>https://a.example/1</item><p></channel></rss>",
        "junk <rss><channel><item><title>A</title><link>https://a.example/1</link></item>",
        "<rss><channel><item><title>A</title><undeclared:x/><link>https://a.example/1</link></item></channel></rss>",
        "<rss><channel><item><title>A\x00\x08</title><link>https://a.example/1</link></item></channel></rss>",
    ],
    ids=[
        "entity of HTML",
        "bare ampersand and unclosed link",
        "junk before and cut after",
        "undeclared prefix",
        "control characters",
    ],
)
def test_a_broken_feed_is_read_as_far_as_it_makes_sense(markup):
    read = feed(markup)

    assert len(read.items) == 1
    assert (read.items[0].title or "").startswith("A")


@pytest.mark.parametrize("codec", ["windows-1251", "koi8-r", "utf-16"])
def test_cyrillic_feeds_keep_their_letters(codec):
    body = RSS.replace("«", '"').replace("»", '"').replace("utf-8", codec).encode(codec, "replace")

    assert read_feed(body, URL).title == "Вестник Примера"


@pytest.mark.parametrize(
    "body", [b"", b"<html><body>404</body></html>", b"{}", b"[1]", b"not a feed", b'{"items": 1}', b"<p>x</p>"]
)
def test_what_is_no_feed_is_refused(body):
    with pytest.raises(FeedError):
        read_feed(body)


BOMB = '<!DOCTYPE r [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]><rss><channel><title>&b;</title></channel></rss>'
OUTSIDE = '<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><rss><channel><title>&x;</title></channel></rss>'
QUADRATIC = (
    '<!DOCTYPE r [<!ENTITY a "' + "a" * 100_000 + '">]><rss><channel><title>' + "&a;" * 10_000 + "</title></channel></rss>"
)
DEEP = "<rss><channel>" + "<a>" * 100_000


@pytest.mark.parametrize("markup", [BOMB, OUTSIDE, QUADRATIC, DEEP], ids=["billion laughs", "outside", "quadratic", "deep"])
def test_xml_bombs_are_refused_quickly(markup):
    start = time.process_time()
    with pytest.raises(FeedError):
        feed(markup)

    assert time.process_time() - start < 5


def test_a_plain_entity_of_the_document_is_its_text():
    assert feed('<!DOCTYPE r [<!ENTITY firm "Ромашка">]><rss><channel><title>&firm;</title></channel></rss>').title == "Ромашка"


def test_ten_thousand_items_take_seconds():
    start = time.process_time()
    read = feed("<rss><channel>" + "<item><title>t</title><link>https://a.example/1</link></item>" * 10_000 + "</channel></rss>")

    assert len(read.items) == 10_000
    assert time.process_time() - start < 10


@given(st.binary(max_size=400))
def test_any_bytes_are_read_or_refused(body):
    try:
        read_feed(body)
    except FeedError:
        return


@given(st.text(alphabet="<>/!&;\"'= rsitemlnkdpubD-[]CATx:", max_size=300))
def test_any_markup_is_read_or_refused(markup):
    try:
        feed(f"<rss><channel>{markup}</channel></rss>")
    except FeedError:
        return


def test_real_feeds_are_read_without_an_unnamed_failure():
    with tarfile.open(corpus("feeds-real") / "feeds.tar.xz") as archive:
        for member in archive:
            file = archive.extractfile(member) if member.isfile() else None
            if file is None:
                continue
            try:
                read = read_feed(file.read())
            except FeedError:
                continue
            assert all("\ufffd" not in (item.title or "") for item in read.items), member.name


def test_reference_titles_are_read():
    right = total = 0
    with gzip.open(corpus("gofeed-tests") / "cases.jsonl.gz", "rt", encoding="utf-8") as file:
        import base64

        for case in map(json.loads, file):
            want = case["expected"].get("title")
            if want and "<" not in want and "&" not in want:
                total += 1
                right += read_feed(base64.b64decode(case["body_b64"])).title == want

    assert right == total > 5
