"""The words by which shops label what they sell, and the names their markup gives it, in the languages of our markets."""

import re


def _phrases(text: str) -> frozenset[str]:
    return frozenset(part.strip() for part in text.replace("\n", "|").split("|") if part.strip())


# Labels and buttons in lower case, without punctuation around them; see `key_of`.
BUY = _phrases("""
в корзину|добавить в корзину|положить в корзину|купить|купить сейчас|купить в 1 клик|купить в один клик|заказать|оформить заказ
предзаказ
в кошик|додати в кошик|додати до кошика|купити|купи|добави в количката|у корпу
add to cart|add to bag|add to basket|add to trolley|add item to cart|add to my bag|add to your bag|add to shopping cart
add to shopping bag|put in cart
buy|buy now|buy it now|order now|pre-order|preorder|pre-order now|place bid|buy tickets|get tickets|add
ajouter au panier|mettre au panier|ajouter à mon panier|acheter|acheter maintenant|acheter cet article|commander
in den warenkorb|in den warenkorb legen|zum warenkorb|in den einkaufswagen|in den einkaufswagen legen|in den korb|jetzt kaufen
sofort-kaufen|kaufen|bestellen
añadir al carrito|agregar al carrito|añadir a la cesta|añadir a la bolsa|añadir|comprar|comprar ahora|comprar entrada
adicionar ao carrinho
aggiungi al carrello|acquista|acquista ora|compra|compra ora|metti nel carrello
do koszyka|dodaj do koszyka|kup teraz|do košíka|do košíku|vložit do košíku|přidat do košíku|vložiť do košíka|pridať do košíka
koupit|kúpiť
v košarico|dodaj v košarico|dodaj u košaricu|u košaricu|kupi|naroči|kosárba|kosárba teszem
in winkelwagen|in winkelmand|in winkelmandje|in mijn winkelwagen|köp|lägg i varukorg|lägg i varukorgen|legg i handlekurv
læg i kurv|læg i kurven|lisää ostoskoriin
sepete ekle|satın al|adaugă în coș|adauga in cos
カートに入れる|カートに追加|買い物かごに入れる|かごに追加|購入手続きへ
加入购物车|立即购买|加入購物車|立即購買
장바구니|장바구니 담기|구매하기|바로구매|הוסף לסל|הוספה לסל|קנה עכשיו
""")
SKU = _phrases("""
sku|артикул|артикул товара|артикул продавца|арт|код товара|номер товара|item no|item number|item #|item id|item code
ebay item number|article no|article number|art no|art nr
artikel-nr|artikelnr|artikelnummer|art-nr|art.-nr|artikel nr|product no|product number|product code|product id|product sku
stock no|stock code|catalog no|catalogue number
cat no|cat. no|bestell-nr|bestellnr|bestellnummer|bestelnummer|produktnummer|codice prodotto|codice articolo|cod. art
código del producto|kod produktu|indeks|nr kat|nr art
kód tovaru|kód produktu|kód zboží|katalogové číslo|šifra|šifra artikla|šifra izdelka|cikkszám|ürün kodu|stok kodu|asin|dpci|tcin
id anuncio|id товара|id объявления|ad id
anzeigennummer|anzeigen-id|listing id|internet #|store sku|상품번호
상품코드|商品番号|商品コード|商品编号|商品編號|מק"ט|מספר מוצר|model number / sku|номер объявления|объявление №
""")
WEAK_SKU = _phrases("""
item|réf|référence|référence produit|ref|reference|referencia|ref. no|code|код|codice|código|kod|kód|symbol|číslo
produktové číslo|id|style|style no|style number|style #
style code|model no|артикул производителя|品番
""")
GTIN = _phrases("""
ean|ean-13|ean13|ean 13|ean-8|ean code|ean-code|ean-nummer|ean nummer|ean kod|kod ean|ean kód|kód ean|código ean|codice ean
code ean|ean no|ean number|gtin|gtin-13|gtin13|gtin-14|gtin14|gtin 13
gtin-12|gtin12|gtin-8|upc|upc code|upc-a|isbn|isbn-13|isbn13|isbn 13|isbn-10|isbn10|isbn 10|barcode|bar code|штрихкод|штрих-код
code-barres|code barres|code à barres|codice a barre|código de barras
čiarový kód|čárový kód|kod kreskowy|strichcode|jan|janコード|ean/isbn|isbn/ean|gencod|gtin/ean|ean/gtin
""")
MPN = _phrases("""
mpn|manufacturer no|manufacturer number|manufacturer part number|manufacturer's part number|manufacturer ref|part no|part number
part #|herstellernummer|hersteller-nr
hersteller-artikelnummer|model|model no|model number|item model number|modell|modellnummer|модель|код производителя|p/n
référence fabricant|modelo|modello|part-nr|numéro de modèle
""")
BRAND = _phrases("""
brand|brand name|бренд|торговая марка|марка|производитель|изготовитель|виробник|бренд товара|manufacturer|make|designer
marke|hersteller|marque|fabricant|marca|fabricante|produttore
merk|fabrikant|marka|producent|značka|výrobce|výrobca|proizvajalec|blagovna znamka|proizvođač|gyártó|märke|merke|mærke
tillverkare|valmistaja|üretici|producător|ブランド|ブランド名|メーカー|品牌
제조사|브랜드|מותג|יצרן
product brand|manufacturer name|manufactured by|торгова марка|производител|márka|márkanév|varumärke|marcă|robna marka
brend|μάρκα|κατασκευαστής|merek|thương hiệu|แบรนด์|ยี่ห้อ|الماركة|العلامة التجارية|zīmols|kaubamärk|gamintojas|prekės ženklas
""")
COLON_BRAND = _phrases("brands|vendor|vendors|merken|marken|marcas|бренды")  # labels with a colon only, else names of lists
FREE = _phrases("free|free to play|free download|download for free|бесплатно|скачать бесплатно|gratis|kostenlos|gratuit|gratuito")
AVAILABILITY = _phrases("""
наличие|доступность|статус|в наличии|availability|stock|stock status|in stock|verfügbarkeit|lieferstatus|disponibilité
disponibilidad|disponibilità|dostępność|dostupnost|dostupnosť
razpoložljivost|beschikbaarheid|наявність
""")
# Present in the markup of a page that sells something without saying so in structured data.
PRICE_MARKS = tuple(
    word.encode()
    for word in (
        "price",
        "Price",
        "PRICE",
        "preis",
        "prix",
        "precio",
        "prezzo",
        "cena",
        "Cena",
        "цена",
        "Цена",
        "₽",
        "€",
        "£",
        "руб",
        "грн",
        "zł",
        "Kč",
    )
)
# parts of the names of what holds the button to buy, or the word that the thing is sold out in its place
BUY_NAMES = (
    "buy-box",
    "buybox",
    "product-buy",
    "productbuy",
    "add-to-cart",
    "addtocart",
    "add-to-basket",
    "buy-button",
    "btn-buy",
)
BUY_MARKS = tuple(
    word.encode()
    for word in (
        "dd to cart", "dd to Cart", "ADD TO CART", "dd to bag", "dd to Bag", "ADD TO BAG", "dd to basket", "dd to Basket",
        "uy now", "uy Now", "BUY NOW", "uy it now", "add-to-cart",
        "addtocart", "add_to_cart", "addToCart", "AddToCart", "add-to-basket", "addToBasket", "корзину", "КОРЗИНУ", "упить",
        "аказать", "кошик", "panier", "arenkorb",
        "inkaufswagen", "carrito", "la cesta", "carrello", "koszyka", "košík", "košaric", "Naroči", "kosárba", "winkelw",
        "winkelmand", "varukorg", "sepete", "カートに", "购物车",
        "購物車", "장바구니", "구매", "לסל", "omprar", "ADDTOCART", "cquista",
    )
)  # fmt: skip
OLD_MARKS = tuple(
    word.encode()
    for word in (
        "<del", "<s>", "<strike", "strike", "line-through", "old-price", "old_price", "oldPrice", "price-old", "price_old",
        "priceOld", "price--old", "was-price", "price-was", "regular-price", "list-price", "crossed", "barred", "full-price",
        "before-price",
    )
)  # fmt: skip
GTIN_MARKS = tuple(
    word.encode() for word in ("EAN", "GTIN", "ISBN", "UPC", "gtin", "isbn", "ean", "upc", "trih", "трих", "arcode")
)

BRAND_PREFIX = re.compile(
    r"(?i)^(?:visit the |visita lo store di |visiter la boutique |visita la tienda de |besuche den |bezoek de |перейти в "
    r"магазин |visite a loja |odwiedź sklep |besök |by |more from |shop all |voir plus de |"
    r"(?:marque|marca|brand|marke|merk|marka|бренд|производитель|ブランド|メーカー|品牌)\s*[:：]\s*|par |da |von |от )"
)
BRAND_SUFFIX = re.compile(r"(?i)(?:\s+|-)(?:store|shop|brand store|winkel)$")
BRAND_LIST_SUFFIX = re.compile(r"(?i)(?:\s+|-)(?:store|shop|brand store|winkel|products)$")  # behind "Shop all"
# Attributes by which the makers of a page find its elements again: they tell what these show where classes are made by machines.
TEST_NAMES = ("data-testid", "data-test-id", "data-test", "data-qa", "data-auto", "data-cy")
# In names of classes and ids of elements that show a brand.
BRAND_NAMES = ("brand", "manufacturer", "designer", "byline", "vendor", "hersteller", "marque", "fabricant", "produce")
NO_BRAND = re.compile(
    r"(?i)brands?\b|бренды|[:?…]$|^\d+[/.:]|\(.\)$|^(?:no|нет|none|n/a|-|unbranded|other|see|learn|shop|all|more|click|перейти|"
    r"все|null|undefined|unknown)\b|^https?:|function|[{}<>]| \| "
)
# The patterns from here on are searched in small letters: one for letters of any size takes four times as long.
OLD_NAME = re.compile(
    r"old|(?<![a-z])was(?![a-z])|regular|list-?price|rrp|msrp|uvp|strike|cross(?!-?sell)|before|previous|barr|anterior|"
    r"ancien|statt|original|compare-?at|discount-?from|line-?through|"
    r"full-?price|listino|vecchio|dashed|(?<![a-z])thin(?![a-z])"
)
BAD_NAME = re.compile(
    r"ship|deliver|unit|per-|saving|save|discount(?!ed)|instal|month|financ|credit|minicart|total|filter|range|facet|"
    r"(?<![a-z])tax|(?<![a-z])vat|coupon|bonus|cashback|points|loyal|alert|"
    r"guarantee|histor|desc|tooltip|popup|modal|subscribe|warrant|insur|threshold|versand|gift|addon|add-on|swatch"
)
AWAY_NAME = re.compile(
    r"relat|similar|recommend|recent|upsell|up-sell|cross-?sell|also|carousel|slider|swiper|slick|owl-|bundle|together|"
    r"accessor|complement|footer|(?<![a-z])nav|header|menu|cart(?![a-z]*form)|basket|"
    r"sidebar|aside|suggest|viewed|bestsell|best-?sell|popular|sponsor|advert|product-?(?:list|grid|card|tile|item|teaser|"
    r"thumb|layout)|products-|-products|item-?list|grid-?item|other-?product|compar|"
    r"wishlist|review|podobn|sims|p13n|tile"
)
GOOD_NAME = re.compile(
    r"current|final|actual|special|sale(?!s)|(?<![a-z])now(?![a-z])|our-?price|main|product-?price|price-?(?:main|box|"
    r"block|value|amount|current|new|now|final|wrapper)|buy|offer|detail|new(?:-|_)?price|"
    r"pdp|price-?inside|(?:^|[-_ ])price(?:$|[ _-])|prcissum|item-?price|deal"
)
VARIANT_NAME = re.compile(
    r"swatch|varia|option|size|color|colour|notif|alert|popup|modal|tooltip|store|pickup|delivery|image|img|filter|"
    r"unavailable-|exp$|related|label-hidden"
)
# Of stock: that of one branch, or of a way of delivery.
BRANCH = re.compile(
    r"pick-?up|stores?\b|collect|deliver|branch|filial|abhol|retrait|magasin\b|ritiro|negozi|tienda|самовывоз|магазин|достав"
)
HIDDEN = frozenset(("hidden", "hide", "d-none", "is-hidden", "visually-hidden", "display-none", "u-hidden", "ng-hide", "dn"))
OLD_TEXT = re.compile(
    r"(?:\bwas|rrp|msrp|list price|regular price|old price|before|retail|instead of|compare at|statt|uvp|früher|vorher|"
    r"avant|au lieu de|prix conseillé|antes|prezzo di listino|listino|invece di|"
    r"prima|cena katalogowa|původně|pôvodná cena|běžná cena|старая цена|было|без скидки|вместо|прежняя цена)[\s:.]*$"
)
BAD_TEXT = re.compile(
    r"shipping|delivery|postage|versand|livraison|frais de port|envío|spedizione|dostaw|doprav|dostava|доставк|you save|"
    r"saving|save|sparen|ersparnis|économisez|ahorra|risparmi|скидка|экономия|"
    r"per month|/ ?mo\b|monat|/ ?мес|в месяц|mensual|/ ?mois|installment|rate\b|from just|over|ab einem|dès|ab \d|orders|"
    r"заказ(?:е|ах|а)? от|минимальн|cashback|кешб[эе]к|бонус|points|coupon|voucher|"
    r"/ ?(?:kg|100 ?g|l|m²|кг|л|м²)\b|brez ddv|ohne mwst|excl|netto|без ндс|bez vat|exkl"
)
# What stands around a label and says nothing.
EDGES = " \t:：.#№*•-–—|>"


def key_of(chunk: str) -> str:
    """A label as the sets above hold it."""
    return chunk.lower().strip(EDGES)
