"""Structured data of any syntax comes out in one form, and no page can break or delay the reading of it."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from collectors.reading.jsonld import items_from_blocks, read_block
from collectors.reading.loose_json import LooseJsonError, parse_loosely
from collectors.reading.model import Item, walk
from collectors.reading.structured import read_items_from_html

PRODUCT = {"@context": "https://schema.org", "@type": "Product", "name": "Чайник"}


def block(text: str) -> str:
    return f'<html><head><script type="application/ld+json">{text}</script></head><body></body></html>'


def only(html: str) -> Item:
    (item,) = read_items_from_html(html, "https://shop.example/p/1")
    return item


@pytest.mark.parametrize(
    "text",
    [
        pytest.param('{"@type":"Product","name":"Чайник"}', id="strict"),
        pytest.param('{"@type":"Product","name":"Чайник",}', id="trailing comma"),
        pytest.param('{"@type":"Product",,"name":"Чайник"}', id="doubled comma"),
        pytest.param('{"@type":"Product", /* цена */ "name":"Чайник" // конец\n}', id="comments"),
        pytest.param('//<![CDATA[\n{"@type":"Product","name":"Чайник"}\n//]]>', id="cdata in script comments"),
        pytest.param('/*<![CDATA[*/{"@type":"Product","name":"Чайник"}/*]]>*/', id="cdata in block comments"),
        pytest.param('<!--\n{"@type":"Product","name":"Чайник"}\n-->', id="html comment around"),
        pytest.param('<!-- наш товар -->\n{"@type":"Product","name":"Чайник"}', id="html comment before"),
        pytest.param('{"@type":"Product","name":"Чайник"};', id="semicolon"),
        pytest.param("{&quot;@type&quot;:&quot;Product&quot;,&quot;name&quot;:&quot;Чайник&quot;}", id="entities"),
        pytest.param("{'@type':'Product','name':'Чайник'}", id="single quotes"),
        pytest.param('{@type:"Product",name:"Чайник"}', id="bare keys"),
        pytest.param("{“@type”:“Product”,“name”:“Чайник”}", id="smart quotes"),
        pytest.param('{"@type":"Product","name":"Чайник"', id="missing bracket"),
        pytest.param('[{"@type":"Product","name":"Чайник"}', id="missing list bracket"),
        pytest.param('{"@type":["Product","Thing"],"name":"Чайник"}', id="several types"),
        pytest.param('{"type":"Product","name":"Чайник"}', id="type without at"),
        pytest.param('{"@type":"http://schema.org/Product","name":"Чайник"}', id="full address"),
        pytest.param('{"@type":"schema:Product","schema:name":"Чайник"}', id="prefix"),
        pytest.param('{"@type":"Product","name":"Чай\\u043dик"}', id="escapes"),
        pytest.param('{"@type":"Product","name":{"@value":"Чайник","@language":"ru"}}', id="language value"),
        pytest.param('[[{"@type":"Product","name":"Чайник"}]]', id="list of lists"),
        pytest.param('{"@graph":{"@type":"Product","name":"Чайник"}}', id="graph of one"),
        pytest.param('\ufeff{"@type":"Product","name":"Чайник"}', id="byte order mark"),
    ],
)
def test_a_json_ld_block_is_read_as_it_was_meant(text):
    item = only(block(text))

    assert (item.type, item.properties["name"], item.origin) == ("Product", "Чайник", "json-ld")


def test_raw_line_breaks_and_control_characters_stay_in_strings():
    assert only(block('{"@type":"Product","name":"Чай\nник\x08"}')).properties["name"] == "Чай\nник\x08"


def test_glued_documents_are_all_read():
    items = read_items_from_html(block('{"@type":"Product","name":"a"},{"@type":"Product","name":"b"}'))

    assert [item.properties["name"] for item in items] == ["a", "b"]


def test_an_unreadable_block_costs_only_itself():
    html = block("function(){ return 1 }") + block('{"@type":"Product","name":"b"}')

    assert [item.properties["name"] for item in read_items_from_html(html)] == ["b"]


def test_references_are_resolved_across_blocks():
    html = block('{"@type":"Product","name":"a","offers":{"@id":"#o"}}') + block('{"@type":"Offer","@id":"#o","price":"1290"}')
    product = read_items_from_html(html)[0]

    assert product.properties["offers"].properties["price"] == "1290"


def test_a_circle_of_references_ends():
    items = read_items_from_html(
        block('[{"@id":"a","@type":"Product","isRelatedTo":{"@id":"b"}},{"@id":"b","@type":"Product","isRelatedTo":{"@id":"a"}}]')
    )

    assert items[0].properties["isRelatedTo"].properties["isRelatedTo"] == "a"


def test_nodes_of_one_id_are_one_item():
    items = read_items_from_html(
        block('{"@id":"#p","@type":"Product","name":"a"}') + block('{"@id":"#p","@type":"Product","name":"b","sku":"7"}')
    )

    assert [(item.properties["name"], item.properties["sku"]) for item in items] == [("a", "7")]


def test_a_repeated_offers_key_is_a_list():
    offers = only(block('{"@type":"Product","offers":{"price":1},"offers":{"price":2}}')).properties["offers"]

    assert [offer.properties["price"] for offer in offers] == [1, 2]


def test_entities_in_texts_are_unescaped_and_twice_where_needed():
    properties = only(block('{"@type":"Product","name":"Чайник &laquo;Ромашка&raquo;","description":"a &amp;amp; b"}')).properties

    assert (properties["name"], properties["description"]) == ("Чайник «Ромашка»", "a & b")


@pytest.mark.parametrize("literal", ["NaN", "Infinity", "-Infinity", "1e999"])
def test_numbers_that_are_none_are_unknown(literal):
    assert "price" not in only(block(f'{{"@type":"Offer","name":"x","price":{literal}}}')).properties


def test_a_number_of_ten_thousand_digits_is_kept_short():
    assert len(str(only(block('{"@type":"Offer","price":' + "9" * 10_000 + "}")).properties["price"])) <= 40


MICRODATA = """
<div itemscope itemtype="http://schema.org/Product" itemref="rate">
 <h1 itemprop="name">Чайник <b>«Ромашка»</b></h1><meta itemprop="sku" content="RM-17">
 <a itemprop="url" href="/p/rm-17">здесь</a><img itemprop="image" data-src="a.jpg">
 <time itemprop="releaseDate" datetime="2026-01-02">вчера</time><data itemprop="weight" value="2">два</data>
 <div itemprop="offers" itemscope itemtype="http://schema.org/Offer">
  <span itemprop="price" content="1290.00">1&nbsp;290 ₽</span><meta itemprop="priceCurrency" content="RUR">
  <link itemprop="availability" href="http://schema.org/InStock"></div>
</div>
<p id="rate" itemprop="aggregateRating" itemscope itemtype="http://schema.org/AggregateRating">
 <b itemprop="ratingValue">4,7</b> из <i itemprop="bestRating">5</i>, <span itemprop="reviewCount">83 отзыва</span></p>"""


def test_microdata_values_come_from_where_the_standard_says():
    product = only(MICRODATA)
    offer, rating = product.properties["offers"], product.properties["aggregateRating"]

    assert {name: value for name, value in product.properties.items() if isinstance(value, str)} == {
        "name": "Чайник «Ромашка»",
        "sku": "RM-17",
        "url": "https://shop.example/p/rm-17",
        "image": "https://shop.example/p/a.jpg",
        "releaseDate": "2026-01-02",
        "weight": "2",
    }
    assert offer.properties == {"price": "1290.00", "priceCurrency": "RUR", "availability": "http://schema.org/InStock"}
    assert rating.properties == {"ratingValue": "4,7", "bestRating": "5", "reviewCount": "83 отзыва"}


def test_several_names_and_several_values():
    product = only(
        '<p itemscope itemtype="https://schema.org/Product"><b itemprop="name title">a</b><b itemprop="name">b</b></p>'
    )

    assert (product.properties["name"], product.properties["title"]) == (["a", "b"], "a")


def test_an_itemref_that_leads_back_to_its_item_ends():
    html = '<div id=a itemscope itemtype="x:y" itemref=b></div><div id=b itemprop=p itemscope itemref=c></div>'
    html += "<div id=c itemprop=q itemscope itemref=b></div>"

    assert len(walk(read_items_from_html(html))) < 10


def test_rdfa_lite():
    html = """<div vocab="https://schema.org" typeof="Product"><span property="name">Чайник</span>
      <div property="offers" typeof="Offer"><span property="price" content="1290">1 290 ₽</span>
      <link property="availability" href="https://schema.org/InStock"></div></div>"""
    product = only(html)

    assert (product.type, product.properties["name"], product.origin) == ("Product", "Чайник", "rdfa")
    assert product.properties["offers"].properties == {"price": "1290", "availability": "https://schema.org/InStock"}


def test_rdfa_prefixes_are_read():
    person = only('<p prefix="f: http://xmlns.com/foaf/0.1/" typeof="f:Person"><b property="f:name">Ада</b></p>')

    assert (person.type, person.properties) == ("http://xmlns.com/foaf/0.1/Person", {"http://xmlns.com/foaf/0.1/name": "Ада"})


def test_a_typed_link_whose_own_words_are_the_property():
    concept = only('<a href="/t/1" prefix="k: http://k.example/" typeof="k:Concept" property="k:label" datatype="">История</a>')

    assert (concept.type, concept.properties) == (
        "http://k.example/Concept",
        {"http://k.example/label": "История", "@id": "https://shop.example/t/1"},
    )


def test_meta_tags_of_three_kinds():
    html = """<meta property="og:type" content="product"><meta name="OG:title" content="Чайник">
      <meta property="og:image" content="1.jpg"><meta property="og:image" content="2.jpg">
      <meta name="twitter:data1" content="1 290 ₽">
      <meta name="DC.date.issued" content="2026-01-02">"""
    graph, card, core = read_items_from_html(html)

    assert (graph.type, graph.properties["og:title"], graph.properties["og:image"]) == ("product", "Чайник", ["1.jpg", "2.jpg"])
    assert card.properties == {"twitter:data1": "1 290 ₽"}
    assert core.properties == {"date.issued": "2026-01-02"}


@pytest.mark.parametrize(
    "html",
    [
        pytest.param(block("[" * 100_000), id="deep json"),
        pytest.param(block("{" + " " * 1_000_000 + "x"), id="spaces"),
        pytest.param(block("{" + "/*" * 500_000), id="open comments"),
        pytest.param(block('{"a":' * 100_000), id="deep objects"),
        pytest.param(block("{" + ",".join(f'"k{n}":"v"' for n in range(300_000)) + "}"), id="wide json"),
        pytest.param(
            block(
                '{"@graph":['
                + ",".join(f'{{"@id":"{n}","a":{{"@id":"{n + 1}"}},"b":{{"@id":"{n + 1}"}}}}' for n in range(20_000))
                + "]}"
            ),
            id="forks",
        ),
        pytest.param("".join(block('{"@type":"Product"}') for _ in range(3_000)), id="many blocks"),
        pytest.param('<p itemscope itemprop="a">' * 3_000, id="nested scopes"),
        pytest.param("<p itemscope>" + '<b itemprop="x">y</b>' * 60_000, id="many properties"),
        pytest.param("<p id=r><b itemprop=x>y</b></p>" + '<i itemscope itemref="r r r r"></i>' * 20_000, id="many references"),
        pytest.param('<meta property="og:image" content="x">' * 100_000, id="many metas"),
    ],
)
def test_a_hostile_page_takes_little_time(html):
    began = time.process_time()
    found = walk(read_items_from_html(html, "https://a.example/"), 10**6)

    assert time.process_time() - began < 5
    assert len(found) <= 60_000


@given(st.text(max_size=200))
def test_any_text_is_read_or_refused(text):
    with suppress(LooseJsonError):
        assert isinstance(parse_loosely(text, 64), list)
    read_block(text)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**9), 10**9) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(min_size=1, max_size=8), json_values, max_size=4))
def test_the_tolerant_parser_agrees_with_the_strict_one(value):
    assert parse_loosely(json.dumps(value), 64) == [value]


@given(json_values)
def test_any_json_becomes_items(value):
    for item in walk(items_from_blocks([json.dumps(value)])):
        assert isinstance(item.properties, dict)


def test_a_typed_rdfa_value_has_the_address_of_its_link():
    html = (
        '<ol vocab="https://schema.org/" typeof="BreadcrumbList"><li property="itemListElement" typeof="ListItem">'
        '<a property="item" typeof="WebPage" href="/teapots"><span property="name">Teapots</span></a></li></ol>'
    )

    (crumbs,) = read_items_from_html(html, "https://shop.example/teapots/17")

    step = crumbs.properties["itemListElement"].properties["item"]
    assert (step.type, step.properties) == ("WebPage", {"name": "Teapots", "@id": "https://shop.example/teapots"})


def test_an_rdfa_thing_named_twice_has_both_types():
    html = (
        '<div vocab="https://schema.org/"><p typeof="Periodical" resource="#p"><b property="name">Tea</b></p>'
        '<p typeof="PublicationVolume" resource="#p"><b property="volumeNumber">5</b></p></div>'
    )

    (item,) = read_items_from_html(html, "https://shop.example/")

    assert item.properties["@type"] == ["Periodical", "PublicationVolume"]
    assert (item.properties["name"], item.properties["volumeNumber"]) == ("Tea", "5")


def test_an_rdfa_relation_to_a_resource_is_a_property():
    html = (
        '<p vocab="https://schema.org/" typeof="DefinedTerm">'
        '<b property="name">2</b><span rel="url" resource="/levels/2"></span></p>'
    )

    (item,) = read_items_from_html(html, "https://shop.example/")

    assert item.properties == {"name": "2", "url": "https://shop.example/levels/2"}
