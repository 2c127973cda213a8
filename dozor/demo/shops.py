"""The shops of the demo market: four sites that say the same things in four ways."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from html import escape

from dozor.demo.market import Brand, Outlet, Product, articles, draw, products


@dataclass(frozen=True, slots=True)
class Answer:
    """What a demo server says."""

    body: bytes
    media_type: str = "text/html"
    charset: str = "utf-8"
    status: int = 200


_WORDS = {
    "ru": {
        "catalogue": "Каталог", "buy": "В корзину", "stock": "В наличии", "none": "Нет в наличии", "was": "Старая цена", "about": "О нас",
        "delivery": "Доставка и оплата", "jobs": "Работа у нас", "home": "Главная", "sku": "Артикул", "reviews": "отзывов",
        "story": "Мы собираем, сушим и купажируем чай с две тысячи десятого года. Наша мастерская стоит у реки, и вода в ней мягкая.",
        "deliver": "Доставляем курьером за один день и почтой за четыре. Оплатить можно картой или при получении.",
        "job": "Чайный мастер", "duties": "Составлять купажи, вести дегустации, учить новичков.",
        "what": "{name} — чай, за которым возвращаются. Собран вручную, высушен без спешки, упакован в день заказа. "
                "Заваривайте три–пять минут водой чуть ниже кипения и пейте без сахара.",
    },
    "en": {
        "catalogue": "Catalogue", "buy": "Add to basket", "stock": "In stock", "none": "Out of stock", "was": "Was", "about": "About us",
        "delivery": "Delivery", "jobs": "Work with us", "home": "Home", "sku": "SKU", "reviews": "reviews",
        "story": "We have picked, dried and blended tea since two thousand and ten, in a small workshop by a river with soft water.",
        "deliver": "Couriers bring your parcel in a day, the post in four. Pay by card or when it arrives.",
        "job": "Tea blender", "duties": "Blend, taste, and teach newcomers.",
        "what": "{name} is the tea people come back for: picked by hand, dried without hurry and packed on the day you order. "
                "Brew it for three to five minutes just off the boil and drink it without sugar.",
    },
}  # fmt: skip


def shop(brand: Brand, path: str, day: date) -> Answer | None:
    """The page of a shop at a path on a day; None where there is none."""
    words = _WORDS[brand.lang]
    goods = products(brand, day)
    match path.strip("/").split("/"):
        case ["robots.txt"]:
            text = f"User-agent: *\nDisallow: /basket\nSitemap: {_url(brand, '/sitemap.xml')}\n"
            return Answer(text.encode(), "text/plain")
        case ["sitemap.xml"]:
            return Answer(_sitemap(brand, goods), "application/xml")
        case [""]:
            cards = "".join(_card(product) for product in goods)
            return _page(brand, brand.name, f"<h1>{brand.name}</h1><p>{words['story']}</p><div class=grid>{cards}</div>", day)
        case ["catalogue"]:
            cards = "".join(_card(product) for product in goods)
            return _page(brand, words["catalogue"], f"<h1>{words['catalogue']}</h1><div class=grid>{cards}</div>", day)
        case ["about"]:
            return _page(brand, words["about"], f"<h1>{words['about']}</h1><p>{words['story']}</p>", day)
        case ["delivery"]:
            free = (
                2000 + 500 * draw(0, 2, brand.key, "free", day.toordinal() // 9)
                if brand.lang == "ru"
                else 25 + 5 * draw(0, 2, brand.key, day.toordinal() // 9)
            )
            text = f"{words['deliver']} {'Бесплатно от' if brand.lang == 'ru' else 'Free from'} {free} {'₽' if brand.lang == 'ru' else '£'}."
            return _page(brand, words["delivery"], f"<main id=terms><h1>{words['delivery']}</h1><p>{text}</p></main>", day)
        case ["jobs"] if draw(0, 1, brand.key, "job", day.toordinal() // 10):
            return _page(brand, words["jobs"], f"<h1>{words['jobs']}</h1><p>{words['duties']}</p>{_job(brand, day)}", day)
        case ["p", number] if number.isdigit() and 1 <= int(number) <= len(goods):
            product = goods[int(number) - 1]
            return _page(brand, product.name, _product(product), day)
    return None


def _url(brand: Brand, path: str) -> str:
    return f"http://{brand.host}:{{port}}{path}"


def _sitemap(brand: Brand, goods: list[Product]) -> bytes:
    paths = ["/", "/catalogue", "/about", "/delivery", *(product.path for product in goods)]
    rows = "".join(f"<url><loc>{_url(brand, path)}</loc></url>" for path in paths)
    return f'<?xml version="1.0" encoding="UTF-8"?><urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{rows}</urlset>'.encode()


def _page(brand: Brand, title: str, main: str, day: date) -> Answer:
    words = _WORDS[brand.lang]
    links = "".join(f'<li><a href="{path}">{words[key]}</a></li>' for key, path in
                    (("home", "/"), ("catalogue", "/catalogue"), ("about", "/about"), ("delivery", "/delivery"), ("jobs", "/jobs")))  # fmt: skip
    tag = f"<script>ym({draw(10_000_000, 99_999_999, brand.key)}, 'init', {{}});</script>" if brand.lang == "ru" else ""
    html = (
        f"<!doctype html><html lang={brand.lang}><head><meta charset={brand.charset}><title>{escape(title)} — {escape(brand.name)}</title>"
        f'<meta name=description content="{escape(title)}. {escape(words["story"])}">{tag}</head><body>'
        f"<header><nav><ul>{links}</ul></nav></header><main>{main}</main>"
        f"<footer>© {day.year} {escape(brand.name)}</footer></body></html>"
    )
    return Answer(html.encode(brand.charset, "xmlcharrefreplace"), charset=brand.charset)


def _money(product: Product, amount: object) -> str:
    return f"{amount} ₽" if product.brand.currency == "RUB" else f"£{amount}"


def _card(product: Product) -> str:
    return f'<article class=card><a href="{product.path}">{escape(product.name)}</a> <span class=price>{_money(product, product.price)}</span></article>'


def _product(product: Product) -> str:
    words = _WORDS[product.brand.lang]
    availability = "InStock" if product.is_available else "OutOfStock"
    said = words["stock"] if product.is_available else words["none"]
    name, what = escape(product.name), escape(words["what"].format(name=product.name))
    old = f"<p>{words['was']}: <del class=old-price>{_money(product, product.old_price)}</del></p>" if product.old_price else ""
    text = f"<p>{what}</p>{old}<p class=price>{_money(product, product.price)}</p><p class=stock>{said}</p><button>{words['buy']}</button>"
    match product.brand.markup:
        case "json-ld":
            facts = {
                "@context": "https://schema.org", "@type": "Product", "name": product.name, "sku": product.sku, "brand": {"@type": "Brand", "name": product.brand.name},
                "offers": {"@type": "Offer", "price": str(product.price), "priceCurrency": product.brand.currency, "availability": f"https://schema.org/{availability}"},
                "aggregateRating": {"@type": "AggregateRating", "ratingValue": round(product.rating, 1), "reviewCount": product.rating_count},
            }  # fmt: skip
            return f'<h1>{name}</h1>{text}<script type="application/ld+json">{json.dumps(facts, ensure_ascii=False)}</script>'
        case "microdata":
            return (
                f'<div itemscope itemtype="https://schema.org/Product"><h1 itemprop=name>{name}</h1><meta itemprop=sku content="{product.sku}">'
                f"<p itemprop=description>{what}</p>{old}"
                f'<div itemprop=offers itemscope itemtype="https://schema.org/Offer"><span class=price itemprop=price content="{product.price}">'
                f"{_money(product, product.price)}</span><meta itemprop=priceCurrency content={product.brand.currency}>"
                f'<link itemprop=availability href="https://schema.org/{availability}">{said}</div><button>{words["buy"]}</button></div>'
            )
        case "opengraph":
            return (
                f'<meta property="og:type" content="product"><meta property="og:title" content="{name}"><meta property="product:price:amount" content="{product.price}">'
                f'<meta property="product:price:currency" content="{product.brand.currency}"><meta property="product:availability" '
                f'content="{"instock" if product.is_available else "oos"}"><h1>{name}</h1>{text}<p>{words["sku"]}: {product.sku}</p>'
            )
    return f"<h1>{name}</h1>{text}<p>{words['sku']}: {product.sku}</p>"


def _job(brand: Brand, day: date) -> str:
    facts = {
        "@context": "https://schema.org", "@type": "JobPosting", "title": _WORDS[brand.lang]["job"], "description": _WORDS[brand.lang]["duties"],
        "datePosted": day.replace(day=1).isoformat(), "employmentType": "FULL_TIME", "hiringOrganization": {"@type": "Organization", "name": brand.name},
        "jobLocation": {"@type": "Place", "address": "Петрозаводск" if brand.lang == "ru" else "Bristol"},
    }  # fmt: skip
    return f'<script type="application/ld+json">{json.dumps(facts, ensure_ascii=False)}</script>'


def outlet(press: Outlet, path: str, day: date) -> Answer | None:
    """The pages of an outlet: its feed and its articles."""
    found = articles(press, day)
    base = f"http://{press.host}:{{port}}"
    match path.strip("/").split("/"):
        case ["robots.txt"]:
            return Answer(b"User-agent: *\nAllow: /\nCrawl-delay: 0\n", "text/plain")
        case ["feed.xml"]:
            items = "".join(
                f"<item><guid isPermaLink='false'>{press.key}-{a.number}</guid><title>{escape(a.title)}</title><link>{base}/news/{a.number}?utm_source=rss</link>"
                f"<pubDate>{a.at:%a, %d %b %Y %H:%M:%S} +0000</pubDate><category>{a.section}</category><description>{escape(a.paragraphs[0])}</description></item>"
                for a in found
            )
            xml = f"<?xml version='1.0' encoding='utf-8'?><rss version='2.0'><channel><title>{press.name}</title><link>{base}/</link><language>{press.lang}</language>{items}</channel></rss>"
            return Answer(xml.encode(), "application/rss+xml")
        case ["news", number]:
            for a in found:
                if str(a.number) == number:
                    body = "".join(f"<p>{escape(p)}</p>" for p in a.paragraphs)
                    html = (
                        f"<!doctype html><html lang={press.lang}><head><meta charset=utf-8><title>{escape(a.title)} | {press.name}</title>"
                        f'<meta property="og:site_name" content="{press.name}"><meta name=author content="{a.author}">'
                        f'<meta property="article:published_time" content="{a.at.isoformat()}"></head><body><header><nav><a href="/">{press.name}</a></nav></header>'
                        f"<article><h1>{escape(a.title)}</h1><p class=byline>{a.author}</p>{body}</article><footer>© {day.year} {press.name}</footer></body></html>"
                    )
                    return Answer(html.encode())
    return None
