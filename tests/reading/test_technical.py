"""Ids of counters, pixels and apps are found exactly; examples and comments are not ids."""

import pytest

from collectors.reading.document import read_document
from collectors.reading.model import Link, TechnicalId
from collectors.reading.technical import read_technical_ids


def ids(html: str, *links: str) -> list[tuple[str, str]]:
    return [(one.system, one.value) for one in read_technical_ids(read_document(html), [Link(url, "") for url in links])]


@pytest.mark.parametrize(
    ("script", "system", "value"),
    [
        ("ym(90010203, 'init', {})", "yandex_metrika", "90010203"),
        ('<img src="https://mc.yandex.ru/watch/90010203">', "yandex_metrika", "90010203"),
        (
            '<script async src="https://www.googletagmanager.com/gtag/js?id=G-AB12CD34EF"></script>',
            "google_analytics",
            "G-AB12CD34EF",
        ),
        ("gtag('config', 'G-AB12CD34EF')", "google_analytics", "G-AB12CD34EF"),
        ("gtag('config', 'AW-987654321')", "google_ads", "AW-987654321"),
        ("ga('create', 'UA-7654321-2')", "universal_analytics", "UA-7654321-2"),
        ("(window,document,'script','dataLayer','GTM-AB12CD')", "google_tag_manager", "GTM-AB12CD"),
        ('data-ad-client="ca-pub-1029384756102938"', "adsense", "ca-pub-1029384756102938"),
        ("fbq('init', '102938475610293')", "meta_pixel", "102938475610293"),
        ("VK.Retargeting.Init('VK-RTRG-102938-aB1cD')", "vk_retargeting", "VK-RTRG-102938-aB1cD"),
        ('_tmr.push({id: "3102938", type: "pageView"})', "vk_pixel", "3102938"),
        ("ttq.load('C0FFEEC0FFEEC0FFEE00')", "tiktok_pixel", "C0FFEEC0FFEEC0FFEE00"),
        ('blockId: "R-A-102938-1"', "yandex_ad_network", "R-A-102938-1"),
    ],
)
def test_an_id_in_a_script(script, system, value):
    html = script if script.startswith("<") else f"<script>{script}</script>"

    assert (system, value) in ids(html)


@pytest.mark.parametrize(
    "script",
    [
        "ga('create', 'UA-XXXXX-Y')",
        "gtag('config', 'G-XXXXXXXXXX')",
        "'GTM-XXXX'",
        "ga('create','UA-1111111-1')",
        "ym(11111111, 'init')",
    ],
)
def test_an_example_is_no_id(script):
    assert [one for one in ids(f"<script>{script}</script>") if one[1]] == []


def test_what_is_commented_out_is_no_id():
    assert ids("<p>a</p><!-- old: 'GTM-AB12CD' --><p>b</p>") == []


def test_platforms_verification_marks_and_apps():
    html = """<head><meta name="yandex-verification" content="ab12">
      <meta name="apple-itunes-app" content="app-id=123456780, app-argument=x">
      <meta name="generator" content="WordPress 6.4"></head><script src="/wp-content/a.js"></script>"""

    assert set(ids(html)) == {
        ("wordpress", ""),
        ("yandex_webmaster", "ab12"),
        ("app_store", "123456780"),
        ("generator", "WordPress 6.4"),
    }


def test_campaign_marks_and_apps_of_links():
    found = ids(
        "",
        "https://a.example/?utm_source=tg&UTM_Campaign=%D0%B7%D0%B8%D0%BC%D0%B0&utm_term={keyword}",
        "https://apps.apple.com/ru/app/tea/id123456780",
        "https://play.google.com/store/apps/details?id=com.example.tea&hl=ru",
        "https://www.rustore.ru/catalog/app/com.example.tea",
    )

    assert found == [
        ("utm_source", "tg"),
        ("utm_campaign", "зима"),
        ("app_store", "123456780"),
        ("google_play", "com.example.tea"),
        ("rustore", "com.example.tea"),
    ]


def test_every_id_stands_once_and_their_number_is_bounded():
    html = "<script>" + "".join(f"'GTM-A{number:05d}';" for number in range(1000)) * 2 + "</script>"
    found = read_technical_ids(read_document(html))

    assert len(found) == len(set(found)) == 50
    assert found[0] == TechnicalId("google_tag_manager", "GTM-A00000")
