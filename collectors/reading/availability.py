"""Availability as printed or as data, to one of six schema.org terms."""

import re
from typing import Literal

Availability = Literal["InStock", "OutOfStock", "PreOrder", "BackOrder", "LimitedAvailability", "Discontinued"]

_TERMS: dict[str, Availability] = {
    "instock": "InStock", "instoreonly": "InStock", "onlineonly": "InStock", "madetoorder": "InStock", "true": "InStock",
    "1": "InStock",
    "available": "InStock", "availablefororder": "InStock", "yes": "InStock", "outofstock": "OutOfStock", "soldout": "OutOfStock",
    "oos": "OutOfStock", "reserved": "OutOfStock", "unavailable": "OutOfStock", "notavailable": "OutOfStock",
    "false": "OutOfStock",
    "0": "OutOfStock", "no": "OutOfStock", "preorder": "PreOrder", "presale": "PreOrder", "backorder": "BackOrder",
    "pending": "BackOrder",
    "limitedavailability": "LimitedAvailability", "limited": "LimitedAvailability", "discontinued": "Discontinued",
}  # fmt: skip
# In small letters. In this order: "нет в наличии" holds "в наличии", "not available" holds "available", "not sold" is no "sold".
_PHRASES: tuple[tuple[re.Pattern[str], Availability], ...] = (
    (re.compile(r"not sold\b(?! out)|не продан[оа]?\b"), "InStock"),  # what an advertisement says of its thing
    (
        re.compile(
            r"снят[аоы]?\s+с\s+(?:производства|продажи)|больше не (?:производится|продается|продаётся)|discontinued|no "
            r"longer available|nicht mehr lieferbar"
        ),
        "Discontinued",
    ),
    (
        re.compile(
            r"нет в наличии|нет на складе|не в наличии|отсутствует|закончил(?:ся|ась|ось|ись)|распродан|товара нет|"
            r"сообщить о поступлении|товар продан|"
            r"уведомить о (?:поступлении|наличии)|немає в наявності|out[\s-]of[\s-]stock|sold[\s-]out|currently unavailable|"
            r"not available|unavailable|not in stock|has been sold\b|was sold\b|"
            r"listing (?:has |was |is )?ended|auction (?:has |was |is )?ended|bidding (?:has |was |is )?ended|"
            r"notify me when|email me when|nicht (?:mehr )?(?:verfügbar|lieferbar|auf lager|vorrätig)|ausverkauft|derzeit nicht|"
            r"momentan nicht|vergriffen|épuisée?s?\b|indisponible|rupture de stock|plus disponible|"
            r"esaurit[oaie]\b|non (?:più )?disponibil[ei]|agotad[oa]s?\b|no disponible|sin (?:stock|existencias)|fuera de stock|"
            r"niedostępn[yae]|brak w magazynie|brak towaru|wyprzedan|vypr[eo]d[aá]n|nedostupn|nie je skladom|není skladem|"
            r"nema na (?:stanju|zalihi|skladištu)|nije dostup|ni na zalogi|rasprodan|razprodan|ra[sz]prodato|"
            r"esgotad[oa]|indisponível|sem estoque|fora de estoque|uitverkocht|niet (?:op voorraad|leverbaar|beschikbaar)|"
            r"slutsåld|slut i lager|ej i lager|tillfälligt slut|udsolgt|utsolgt|ikke på lager|loppuunmyyty|ei varastossa|"
            r"elfogyott|nincs (?:raktáron|készleten)|tükendi|stokta yok|stoc epuizat|indisponibil|изчерпан|няма наличност|"
            r"не е наличен|εξαντλ|在庫(?:なし|切れ)|品切れ|売り?切れ|完売|缺[货貨]|售罄|售完|无货|無貨|품절|매진|재고 ?없음|"
            r"אזל|אינו במלאי|אינו זמין|לא במלאי|לא זמין|חסר במלאי|אין במלאי|غير متوفر|نفدت? "
        ),
        "OutOfStock",
    ),
    (re.compile(r"пред[\s-]?заказ|скоро в продаже|pre[\s-]?order|coming soon|vorbestell|précommande|préventa"), "PreOrder"),
    (re.compile(r"под заказ|на заказ|back[\s-]?order|available on order|auf bestellung|sur commande"), "BackOrder"),
    (
        re.compile(
            r"оста(?:лось|лся|лась)\s+(?:всего\s+)?\d|мало\b|заканчивается|last items|only \d+ left|low stock|"
            r"limited (?:stock|availability)|"
            r"few left|wenige verfügbar|nur noch \d|plus que \d|quantité limitée"
        ),
        "LimitedAvailability",
    ),
    (
        re.compile(
            r"в наличии|есть на складе|на складе|достаточно|много\b|в продаже|є в наявності|in[\s-]stock|available|auf "
            r"lager|lieferbar|verfügbar|vorrätig|"
            r"en stock|disponible|disponibile|disponibilità immediata|dostępny|na sklade|skladem|na zalogi|na stanju|dobavljivo|"
            r"op voorraad|i lager|på lager|em estoque|raktáron|varastossa|在庫あり|有[货貨]|现货|現貨|במלאי|add to "
            r"(?:cart|basket|bag)"
        ),
        "InStock",
    ),
)

_SOLD_OUT = next(pattern for pattern, term in _PHRASES if term == "OutOfStock")


def term_of(value: object) -> Availability | None:
    """The term of a value given as data: an address, a bare name in any case, a boolean, or a phrase."""
    if isinstance(value, bool):
        return "InStock" if value else "OutOfStock"
    if isinstance(value, (int, float)):
        return "InStock" if value > 0 else "OutOfStock"
    if not isinstance(value, str) or not value.strip() or len(value) > 300:
        return None
    name = re.sub(r"[^a-z0-9]", "", value.strip().rstrip("/").rpartition("/")[2].lower())
    return _TERMS.get(name) or read_availability(value)


def read_availability(text: str) -> Availability | None:
    """The term of a printed phrase in Russian, English or a neighbour's language; None when it says nothing of stock."""
    text = " ".join(text[:300].split()).lower()
    for pattern, term in _PHRASES:
        if pattern.search(text):
            return term
    return None


def may_be_sold_out(text: str) -> bool:
    """Whether any of many short texts, one a line, may say so: one look that spares the reading of each."""
    return _SOLD_OUT.search(text.lower()) is not None
