"""A product page gives its product first, a listing gives its cards, a text gives nothing."""

import json
import time
from decimal import Decimal

import pytest

from collectors.reading.availability import read_availability, term_of
from collectors.reading.document import read_document
from collectors.reading.gtin import is_gtin, read_gtin
from collectors.reading.model import ReadOffer
from collectors.reading.product_brand import maker_in_capitals
from collectors.reading.products import read_offers
from collectors.reading.structured import read_items

URL = "https://shop.example/p/chainik-400105394.html"


def offers(html: str, url: str = URL, lang: str | None = None) -> list[ReadOffer]:
    document = read_document(html)
    return read_offers(document, read_items(document, url), url, lang)


def ld(value: object) -> str:
    return f'<script type="application/ld+json">{json.dumps(value, ensure_ascii=False)}</script>'


PRODUCT = {
    "@type": "Product",
    "name": "Чайник «Ромашка»",
    "sku": "RM-17",
    "gtin13": "4600000000008",
    "brand": {"@type": "Brand", "name": "Ромашка"},
    "image": ["/a.jpg", "/b.jpg"],
    "offers": {
        "@type": "Offer",
        "url": "/p/rm-17",
        "priceCurrency": "RUB",
        "availability": "https://schema.org/InStock",
        "priceSpecification": [
            {"@type": "UnitPriceSpecification", "price": 1290.00},
            {"@type": "UnitPriceSpecification", "priceType": "https://schema.org/StrikethroughPrice", "price": "1 590,00"},
        ],
    },
    "aggregateRating": {"@type": "AggregateRating", "ratingValue": "4,7", "reviewCount": "83 отзыва"},
}


def test_a_product_in_structured_data():
    assert offers(ld(PRODUCT)) == [
        ReadOffer(
            name="Чайник «Ромашка»",
            price_text="1290.0",
            price_amount=Decimal("1290.0"),
            old_price_amount=Decimal("1590.00"),
            currency="RUB",
            availability="InStock",
            availability_text="https://schema.org/InStock",
            sku="RM-17",
            gtin="4600000000008",
            brand="Ромашка",
            rating_value=4.7,
            rating_best=5.0,
            rating_count=83,
            url="https://shop.example/p/rm-17",
            image_url="https://shop.example/a.jpg",
            origin="json-ld",
        )
    ]


@pytest.mark.parametrize(
    ("change", "field", "value"),
    [
        ({"offers": {"price": "0"}}, "price_amount", None),
        ({"offers": {"price": ""}}, "price_amount", None),
        ({"offers": {"price": "{{price}}"}}, "price_amount", None),
        ({"offers": {"@type": "AggregateOffer", "lowPrice": 10, "highPrice": 20}}, "price_high_amount", Decimal(20)),
        ({"offers": {"@type": "AggregateOffer", "lowPrice": 10, "highPrice": 20}}, "price_amount", Decimal(10)),
        ({"offers": {"price": 10, "priceCurrency": "RUR"}}, "currency", "RUB"),
        ({"offers": {"price": "10 €"}}, "currency", "EUR"),
        ({"offers": {"price": 10, "availability": "SoldOut"}}, "availability", "OutOfStock"),
        ({"offers": {"price": 10, "availability": "в наличии"}}, "availability", "InStock"),
        ({"brand": "$metabrand"}, "brand", None),
        ({"brand": "null"}, "brand", None),
        ({"brand": "Rom &amp; Ash"}, "brand", "Rom & Ash"),
        ({"gtin13": "4600000000001"}, "gtin", None),
        ({"sku": None, "productID": "sku:RM-18"}, "sku", "RM-18"),
        ({"aggregateRating": {"ratingValue": 9, "bestRating": 5}}, "rating_value", None),
        ({"aggregateRating": {"ratingValue": "NaN", "reviewCount": None}}, "rating_value", None),
        ({"aggregateRating": {"ratingValue": 0, "reviewCount": 0}}, "rating_value", None),
        ({"aggregateRating": {"ratingValue": 9, "bestRating": 10, "ratingCount": "1,2 тыс."}}, "rating_count", 1200),
    ],
)
def test_one_property(change, field, value):
    assert getattr(offers(ld({**PRODUCT, **change}))[0], field) == value


def test_a_price_of_zero_is_believed_where_the_page_says_free():
    html = ld({**PRODUCT, "offers": {"price": 0, "priceCurrency": "RUB"}})

    assert offers(html + "<h1>Чайник</h1><b>Бесплатно</b>")[0].price_amount == 0
    assert offers(html + "<h1>Чайник</h1><b>1 290 ₽</b><button>Купить</button>")[0].price_amount == Decimal(1290)


def test_variants_follow_the_product_and_inherit_from_it():
    group = {
        "@type": "ProductGroup",
        "name": "Чайник",
        "brand": "Ромашка",
        "hasVariant": [
            {"@type": "Product", "name": "Чайник, белый", "sku": "1", "offers": {"price": 10}},
            {"@type": "Product", "name": "Чайник, синий", "sku": "2", "offers": {"price": 12}},
        ],
    }
    found = offers(ld(group))

    assert [(one.name, one.variant, one.sku, one.brand, one.price_amount) for one in found[1:]] == [
        ("Чайник, белый", "белый", "1", "Ромашка", Decimal(10)),
        ("Чайник, синий", "синий", "2", "Ромашка", Decimal(12)),
    ]
    assert (found[0].name, found[0].price_amount, found[0].price_high_amount) == ("Чайник", Decimal(10), Decimal(12))
    assert not any(one.is_card for one in found)


def test_syntaxes_complete_each_other():
    html = (
        ld({"@type": "Product", "name": "Чайник", "offers": {"price": 10}}) + '<meta property="product:brand" content="Ромашка">'
    )

    assert (offers(html)[0].brand, offers(html)[0].origin) == ("Ромашка", "json-ld")


def test_open_graph_alone():
    html = """<meta property="og:type" content="product"><meta property="og:title" content="Чайник">
      <meta property="product:price:amount" content="1 290,00">
      <meta property="product:price:currency" content="RUB"><meta property="product:availability" content="oos">"""
    found = offers(html)[0]

    assert (found.name, found.price_amount, found.currency, found.availability, found.origin) == (
        "Чайник",
        Decimal("1290.00"),
        "RUB",
        "OutOfStock",
        "opengraph",
    )


def test_a_list_of_products_is_cards():
    items = [
        {"@type": "ListItem", "position": n, "item": {"@type": "Product", "name": f"Чайник {n}", "offers": {"price": n}}}
        for n in (1, 2, 3)
    ]
    found = offers(ld({"@type": "ItemList", "itemListElement": items}), "https://shop.example/cat")

    assert [(one.name, one.is_card) for one in found] == [("Чайник 1", True), ("Чайник 2", True), ("Чайник 3", True)]


PRINTED = """<html><head><title>Чайник «Ромашка» — купить в Примере</title></head><body>
<header class="header"><a href="/sale"><span>Скидки от 100 ₽</span></a><a href="/cart" class="minicart">0 ₽</a></header>
<h1>Чайник «Ромашка»</h1>
<div class="goods"><div class="info"><del>1 590 ₽</del> <span class="sum">1 290 ₽</span> <span>или 120 ₽/мес</span>
<small>Доставка: 300 ₽</small>
<p class="stock-state">В наличии</p><button type="button">В корзину</button></div>
<table><tr><th>Бренд:</th><td>Ромашка</td></tr><tr><th>Артикул</th><td>RM-17</td></tr><tr><th>Штрихкод</th><td>4600000000008</td></tr></table></div>
<section class="related-products"><div class="card"><a href="/p/2">Чашка</a> <span class="price">190 ₽</span></div></section>
<footer>Заказы от 3 000 ₽</footer></body></html>"""


def test_a_printed_product():
    found = offers(PRINTED)[0]

    assert (found.name, found.price_amount, found.old_price_amount, found.currency) == (
        "Чайник «Ромашка»",
        Decimal(1290),
        Decimal(1590),
        "RUB",
    )
    assert (found.brand, found.sku, found.gtin, found.availability) == ("Ромашка", "RM-17", "4600000000008", "InStock")
    assert (found.price_text, found.origin, found.is_card) == ("1 290 ₽", "html", False)


SHOPS = {
    "sale in del and ins": """<p class="price">
      <del><span class="amount"><bdi>1&nbsp;590,00&nbsp;<span>&#8381;</span></bdi></span></del>
      <ins><span class="amount"><bdi>1&nbsp;290,00&nbsp;<span>&#8381;</span></bdi></span></ins></p>
      <form class="cart"><button>В корзину</button></form>""",
    "classes say old and current": """<div class="detail-price-old">1 590 руб.</div>
      <div class="detail-price-current">1 290 руб.</div><div class="economy">Экономия 300 руб.</div>
      <a class="btn"><span>В корзину</span></a>""",
    "style strikes through": """<ul><li><span style="text-decoration: line-through;">1590 руб.</span></li>
      <li><h2>1290 руб.</h2></li><li>Без НДС: 1100 руб.</li></ul><button id="button-cart">Купить</button>""",
    "only the discount tells": """<div class="css-9"><span class="css-3">1&thinsp;290&thinsp;₽</span>
      <span class="css-4">1&thinsp;590&thinsp;₽</span><b>-19%</b></div><div>от 107 ₽ / мес.</div>
      <button class="css-5"><span>Добавить в корзину</span></button><div>Доставка завтра, от 99 ₽</div>""",
}


@pytest.mark.parametrize("markup", SHOPS.values(), ids=SHOPS.keys())
def test_the_price_now_and_the_price_before_in_markup_of_many_shops(markup):
    found = offers(f"<title>Чайник «Ромашка»</title><header>Корзина 0 руб.</header><h1>Чайник «Ромашка»</h1>{markup}")[0]

    assert (found.price_amount, found.old_price_amount, found.currency) == (Decimal(1290), Decimal(1590), "RUB")


def test_a_sold_out_product_without_a_price():
    found = offers(
        "<h1>Чайник</h1><p>₽ Купить нельзя</p><ul><li>Бренд: Ромашка</li><li>Артикул: RM-17</li><li>Наличие: Нет в "
        "наличии</li></ul>"
    )[0]

    assert (found.price_amount, found.availability, found.sku, found.brand) == (None, "OutOfStock", "RM-17", "Ромашка")


def test_a_structured_price_that_the_page_strikes_through_is_the_price_before():
    html = ld({"@type": "Product", "name": "Чайник «Ромашка»", "offers": {"price": 1590, "priceCurrency": "RUB"}}) + PRINTED

    assert (offers(html)[0].price_amount, offers(html)[0].old_price_amount, offers(html)[0].origin) == (
        Decimal(1290),
        Decimal(1590),
        "html",
    )


def test_numbers_of_variants_are_not_the_product_s():
    twins = [
        {"@type": "Product", "name": "Чайник", "gtin13": number, "offers": {"price": 10}}
        for number in ("4600000000008", "4600000000015")
    ]

    assert [one.gtin for one in offers(ld(twins))] == [None, "4600000000008", "4600000000015"]


def test_a_price_in_pieces():
    html = PRINTED.replace('<span class="sum">1 290 ₽</span>', '<span class="sum"><b>1290</b><sup>50</sup><i>₽</i></span>')

    assert offers(html)[0].price_amount in (Decimal("1290.50"), Decimal(1290))


def test_the_id_of_the_address_is_the_article_number_of_last_resort():
    html = PRINTED.replace("<th>Артикул</th><td>RM-17</td>", "").replace(
        "<h1>", '<input name="id" value="400105394"><a href="/q/400105394">?</a><i data-x="400105394"></i><h1>'
    )

    assert offers(html)[0].sku == "400105394"


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<h1>Новости</h1><p>Чайник стоит 1 290 ₽.</p>", id="no way to buy"),
        pytest.param(
            '<meta property="og:type" content="article">' + "<p><a href=/1>x</a> <b class=price>1 290 ₽</b></p>" * 5, id="article"
        ),
        pytest.param(ld({"@type": "NewsArticle", "headline": "x"}) + PRINTED, id="news"),
        pytest.param("", id="empty"),
    ],
)
def test_what_is_no_product(html):
    assert offers(html) == []


LISTING = """<html><body><h1>Чайники</h1><ul class="grid">{}</ul></body></html>""".format(
    "".join(
        f'<li class="tile"><a href="/p/{n}"><img src="{n}.jpg"></a><a href="/p/{n}" class="tile__name">Чайник {n}</a>'
        f'<span class="tile__price tile__price--old">{n + 1} 590 ₽</span>'
        f'<span class="tile__price">{n} 290 ₽</span><button>В корзину</button></li>'
        for n in range(1, 9)
    )
)


def test_the_only_product_in_the_main_entity_of_a_page_is_its_own():
    page = {"@type": "WebPage", "mainEntity": {"@type": "WebPageElement", "offers": {"@type": "Offer", "itemOffered": [PRODUCT]}}}

    found = offers(ld(page))

    assert (found[0].name, found[0].is_card) == ("Чайник «Ромашка»", False)


def test_a_list_as_main_entity_is_cards_even_with_one_product():
    page = {"@type": "CollectionPage", "mainEntity": {"@type": "ItemList", "itemListElement": [PRODUCT]}}

    assert [offer.is_card for offer in offers(ld(page))] == [True]


def test_a_page_without_a_first_heading_is_known_by_its_title():
    html = (
        "<title>Teapot Daisy - Shop</title><ol><li>Teapots</li><li>Teapot Daisy</li></ol><h2>Teapot Daisy</h2>"
        "<b class=price>$12.90</b><button>Add to cart</button>"
    )

    found = offers(html)

    assert (found[0].name, found[0].price_amount) == ("Teapot Daisy", Decimal("12.90"))


def test_a_price_beside_its_label_counts_before_the_title_too():
    html = "<p>Price:</p><p>USD 12.90</p><p>plus shipping</p><h1>Teapot Daisy</h1><p>LeafShop</p><button>Add to cart</button>"

    assert offers(html)[0].price_amount == Decimal("12.90")


def test_a_price_whose_sign_stands_in_the_next_piece_of_text():
    filler = " " * 250  # wide markup between them
    html = f"<h1>Teapot Daisy</h1><div><i>99,95</i>{filler}<i>€</i></div><button>In den Warenkorb</button>"

    assert (offers(html)[0].price_amount, offers(html)[0].currency) == (Decimal("99.95"), "EUR")


def test_a_labelled_number_that_the_address_bears_makes_a_product_of_a_page_that_does_not_sell():
    html = (
        "<h1>Robot Daisy</h1><p>Item #</p><p>J755020</p><p>only at select retailers</p><b class=price>$799.99</b>"
        "<script>var page = {addToCart: false}</script>"
    )

    found = offers(html, "https://shop.example/robot-daisy/J755020.html")

    assert (found[0].sku, found[0].price_amount) == ("J755020", Decimal("799.99"))
    assert offers(html, "https://shop.example/robots") == []


def test_sold_out_in_the_place_of_the_button():
    html = (
        ld({"@type": "Product", "name": "Teapot Daisy", "brand": "Leaf", "sku": "RM-17"})
        + "<div class='product-buy'><span class='btn'>Out of stock</span></div><h1>Teapot Daisy</h1>"
    )

    assert offers(html)[0].availability == "OutOfStock"


def test_many_buttons_do_not_hide_a_product_whose_number_is_labelled():
    others = "".join(f"<div class='rec{n}'><p>Cup {n}</p><button>Add to cart</button></div>" for n in range(9))
    html = f"<h1>Teapot Daisy</h1><p>SKU: 400-150-020</p><b class=price>$48.99</b><button>Add to cart</button>{others}"

    assert (offers(html)[0].price_amount, offers(html)[0].sku) == (Decimal("48.99"), "400-150-020")


@pytest.mark.parametrize(
    ("shown", "brand"), [("Boss Office Products", "Boss Office Products"), ("Shop all Daisy products", "Daisy")]
)
def test_products_is_part_of_a_brand_unless_all_of_them_are_shown(shown, brand):
    html = f"<h1>Vinyl chair</h1><p class='product-brand-name'>{shown}</p><b class=price>$48.99</b><button>Add to cart</button>"

    assert offers(html)[0].brand == brand


@pytest.mark.parametrize(
    ("name", "brand"),
    [
        ("Чайник BOSCH TWK3A011", "BOSCH"),
        ("达美乐披萨DOMINO'S PIZZA(全台)", "DOMINO'S PIZZA"),
        ("בושם לגבר Legend 200ml edt MONT BLANC", "MONT BLANC"),
        ("Кабель HDMI 2 м", None),
        ("Наушники JBL", None),
        ("Набор LEGO для BOSCH", None),
        ("TEAPOT DAISY", None),
    ],
)
def test_the_maker_in_capitals_of_a_name_in_another_script(name, brand):
    assert maker_in_capitals(name) == brand


def test_printed_cards():
    found = offers(LISTING, "https://shop.example/cat")

    assert [(one.name, one.price_amount, one.url, one.is_card) for one in found[:2]] == [
        ("Чайник 1", Decimal(1290), "https://shop.example/p/1", True),
        ("Чайник 2", Decimal(2290), "https://shop.example/p/2", True),
    ]
    assert len(found) == 8
    assert found[0].old_price_amount == Decimal(2590)


@pytest.mark.parametrize(
    ("text", "term"),
    [
        ("Нет в наличии", "OutOfStock"),
        ("В наличии 3 шт.", "InStock"),
        ("Осталось 2 шт.", "LimitedAvailability"),
        ("Под заказ, 5 дней", "BackOrder"),
        ("Предзаказ", "PreOrder"),
        ("Снят с производства", "Discontinued"),
        ("Currently unavailable", "OutOfStock"),
        ("In stock", "InStock"),
        ("Only 2 left", "LimitedAvailability"),
        ("Nicht verfügbar", "OutOfStock"),
        ("Чайник", None),
    ],
)
def test_availability_in_words(text, term):
    assert read_availability(text) == term


@pytest.mark.parametrize(
    ("value", "term"),
    [
        ("https://schema.org/InStock", "InStock"),
        ("http://schema.org/Reserved", "OutOfStock"),
        ("instock", "InStock"),
        ("out of stock", "OutOfStock"),
        (True, "InStock"),
        (0, "OutOfStock"),
        ("available for order", "InStock"),
        ("", None),
        (None, None),
    ],
)
def test_availability_as_data(value, term):
    assert term_of(value) == term


@pytest.mark.parametrize(
    ("value", "number"),
    [
        ("4600000000008", "4600000000008"),
        ("4600000000001", None),
        (" 4-600000-000008 ", "4600000000008"),
        ("EAN: 4600000000008.", "4600000000008"),
        (4600000000008, "4600000000008"),
        ("036000291452", "036000291452"),
        ("36000291452", "036000291452"),
        ("96385074", "96385074"),
        ("0-306-40615-2", "9780306406157"),
        ("080442957X", "9780804429573"),
        ("0000000000000", None),
        ("46", None),
        (None, None),
        (True, None),
        ("²" * 13, None),
    ],
)
def test_trade_numbers(value, number):
    assert read_gtin(value) == number
    assert number is None or is_gtin(number)


@pytest.mark.parametrize(
    "html",
    [
        pytest.param("<h1>x</h1><button>Купить</button>" + "<span class=price>1 ₽</span>" * 50_000, id="prices"),
        pytest.param("<h1>x</h1>" * 9_000 + "<button>Купить</button><b>1 ₽</b>", id="headings"),
        pytest.param("<h1>x</h1><button>Купить</button><b>1 ₽</b><script>" + '"brand":"' * 100_000 + "</script>", id="brands"),
        pytest.param(
            '<h1>x</h1><button>Купить</button><b>1 ₽</b><p class="brand sku stock">' * 200 + "слово " * 100_000, id="long text"
        ),
        pytest.param(
            LISTING.replace("</ul>", '<li class="tile"><a href="/p">x</a><b class="price">1 ₽</b></li>' * 9_000 + "</ul>"),
            id="cards",
        ),
    ],
)
def test_a_hostile_page_takes_little_time(html):
    document = read_document(html)
    began = time.process_time()
    read_offers(document, read_items(document, URL), URL, None)

    assert time.process_time() - began < 3
