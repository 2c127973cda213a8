import gzip
from html import escape
from urllib.parse import urljoin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.reading.sitemaps import MAX_BYTES, SitemapError, read_sitemap

URLSET = """<?xml version="1.0" encoding="UTF-8"?>
<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9" xmlns:n="http://www.google.com/schemas/sitemap-news/0.9"
  xmlns:image="http://www.google.com/schemas/sitemap-image/1.1" xmlns:video="http://www.google.com/schemas/sitemap-video/1.1"
  xmlns:xhtml="http://www.w3.org/1999/xhtml">
 <url><loc>https://vestnik.example/a?id=7&amp;from=map</loc><lastmod>2026-11-20T09:30+03:00</lastmod>
  <changefreq>daily</changefreq><priority>0.8</priority>
  <n:news><n:publication><n:name>Вестник</n:name><n:language>ru</n:language></n:publication>
   <n:publication_date>2026-11-20</n:publication_date><n:title>«Ромашка» открыла склад</n:title>
   <n:keywords>логистика, склад</n:keywords></n:news>
  <image:image><image:loc>/i/1.jpg</image:loc></image:image>
  <video:video><video:title>Склад</video:title></video:video>
  <xhtml:link rel="alternate" hreflang="en" href="/en/a"/></url>
 <url><loc>/b</loc><lastmod>2026-11</lastmod></url>
 <url><lastmod>2026-11-01</lastmod></url>
</urlset>"""
URL = "https://vestnik.example/sitemap.xml"


def test_entries_carry_their_extensions():
    sitemap = read_sitemap(URLSET.encode(), URL)
    first = sitemap.entries[0]

    assert (sitemap.kind, sitemap.is_complete) == ("urlset", True)
    assert first.loc == "https://vestnik.example/a?id=7&from=map"
    assert first.lastmod is not None
    assert first.lastmod.value.isoformat() == "2026-11-20T09:30:00+03:00"
    assert (first.changefreq, first.priority) == ("daily", 0.8)
    assert first.news is not None
    assert (first.news.title, first.news.lang, first.news.keywords) == ("«Ромашка» открыла склад", "ru", ("логистика", "склад"))
    assert first.images == ("https://vestnik.example/i/1.jpg",)
    assert first.videos == ({"title": "Склад"},)
    assert first.alternates == (("en", "https://vestnik.example/en/a"),)


def test_relative_addresses_are_joined_and_entries_without_one_left_out():
    assert [entry.loc for entry in read_sitemap(URLSET.encode(), URL).entries][1:] == ["https://vestnik.example/b"]


@given(
    st.text("htps:/ab.c;?#=&%[]@\\é01-", max_size=25).map("http".__add__)
    | st.text("/ab.;?#=&%01-", max_size=20).map("https://a.b".__add__)
)
def test_any_address_is_what_joining_makes_of_it(loc):
    body = f"<urlset><url><loc>{escape(loc)}</loc></url></urlset>".encode()

    try:
        expected = urljoin(URL, loc)
    except ValueError:
        expected = loc
    assert [entry.loc for entry in read_sitemap(body, URL).entries] == [expected]


@pytest.mark.parametrize("codec", ["utf-8-sig", "utf-16", "windows-1251"])
def test_any_encoding(codec):
    body = URLSET.replace("UTF-8", "windows-1251" if codec == "windows-1251" else "UTF-8").encode(codec)
    news = read_sitemap(body, URL).entries[0].news

    assert news is not None
    assert news.title == "«Ромашка» открыла склад"


def test_gzip_is_told_by_its_bytes():
    assert len(read_sitemap(gzip.compress(URLSET.encode()), URL).entries) == 2


def test_an_index_names_sitemaps():
    body = b"<sitemapindex><sitemap><loc>https://vestnik.example/1.xml</loc></sitemap></sitemapindex>"

    assert (read_sitemap(body).kind, len(read_sitemap(body).entries)) == ("index", 1)


def test_a_text_file_is_a_list_of_addresses():
    sitemap = read_sitemap(b"\xef\xbb\xbfhttps://vestnik.example/a\r\nhttps://vestnik.example/b\n\nnot an address\n")

    assert (sitemap.kind, [entry.loc[-1] for entry in sitemap.entries]) == ("text", ["a", "b"])


def test_a_feed_serves_as_a_sitemap():
    body = b"<rss><channel><item><title>A</title><link>https://vestnik.example/a</link></item></channel></rss>"

    assert (read_sitemap(body).kind, read_sitemap(body).entries[0].title) == ("rss", "A")


def test_a_cut_file_gives_what_was_whole():
    sitemap = read_sitemap(URLSET.encode()[: URLSET.encode().index(b"<url><loc>/b") + 20], URL)

    assert not sitemap.is_complete
    assert len(sitemap.entries) == 1


@pytest.mark.parametrize(
    "body", [b"<html><body>404</body></html>", b"<!DOCTYPE html><html></html>", b"Not found", b"\x1f\x8bgarbage"]
)
def test_what_is_no_sitemap_is_refused(body):
    with pytest.raises(SitemapError):
        read_sitemap(body)


def test_a_gzip_bomb_is_refused():
    with pytest.raises(SitemapError, match="larger"):
        read_sitemap(gzip.compress(b"<urlset>" + b" " * (MAX_BYTES + 10)))


def test_entities_and_endless_nesting_are_refused():
    bomb = b'<!DOCTYPE u [<!ENTITY a "aaaa"><!ENTITY b "&a;&a;">]><urlset><url><loc>&b;</loc></url></urlset>'

    with pytest.raises(SitemapError):
        read_sitemap(bomb)
    with pytest.raises(SitemapError):
        read_sitemap(b"<urlset>" + b"<a>" * 100_000)


@given(st.binary(max_size=500))
def test_any_bytes_are_read_or_refused(body):
    try:
        read_sitemap(body)
    except SitemapError:
        return


@given(st.text(alphabet="<>/!&;\"'= urlsetocabx-[]", max_size=300))
def test_any_markup_is_read_or_refused(markup):
    try:
        read_sitemap(f"<urlset>{markup}</urlset>".encode())
    except SitemapError:
        return
