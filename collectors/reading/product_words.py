"""The words by which shops label what they sell, in the languages of our markets."""

import re

BUY = re.compile(
    r"(?i)^\W*(?:"
    r"(?:добавить |положить )?в корзину|купить(?: сейчас| в (?:1|один) клик)?|заказать|оформить заказ|в кошик|додати (?:в|до) кошика?|"
    r"купи|добави в количката|у корпу|"
    r"(?:add|put)(?: item)? (?:to|in)(?: my| your)? (?:shopping )?(?:cart|bag|basket|trolley)|buy(?: it)?(?: now)?|order now|pre-?order(?: now)?|place bid|"
    r"get tickets?|buy tickets?|"
    r"(?:ajouter|mettre) (?:au|dans (?:le|mon)) panier|acheter(?: maintenant| cet article)?|commander|"
    r"(?:in den|zum) (?:waren|einkaufs)(?:korb|wagen)(?: legen)?|jetzt kaufen|sofort-?kaufen|kaufen|bestellen|"
    r"(?:añadir|agregar|anadir) (?:al carrito|a la cesta|a la bolsa)|comprar(?: ahora| entrada)?|adicionar ao carrinho|"
    r"aggiungi al carrello|acquista(?: ora)?|compra(?: ora)?|metti nel carrello|"
    r"(?:dodaj )?do koszyka|kup teraz|(?:do|vložit do|přidat do|vložiť do|pridať do) košík[ua]|koupit|kúpiť|"
    r"(?:dodaj )?(?:v|u) košaric[ou]|kupi|naroči|kosárba(?: teszem)?|"
    r"(?:in )?winkelw?agen(?:tje)?|in winkelmand(?:je)?|köp|lägg i varukorgen?|legg i handlekurv|læg i kurv(?:en)?|lisää ostoskoriin|"
    r"sepete ekle|satın al|adaug[aă] [iî]n co[sș]|"
    r"カートに入れる|買い物かごに入れる|かごに追加|購入手続きへ|加入购物车|立即购买|加入購物車|立即購買|장바구니(?: 담기)?|구매하기|바로구매|הוס(?:ף|פה) לסל|לרכישה|קנה עכשיו"
    r")\W*$"
)
BUY_MARKS = tuple(
    word.encode()
    for word in (
        "cart", "Cart", "basket", "Basket", "корзин", "Корзин", "купить", "Купить", "заказать", "Заказать", "кошик", "panier", "arenkorb", "inkaufswagen",
        "carrito", "cesta", "carrello", "koszyk", "košík", "košaric", "kosár", "winkelw", "varukorg", "sepet", "カート", "购物车", "購物車", "장바구니",
        "구매", "checkout", "buy", "Buy", "compra", "Compra", "kauf", "Kauf",
    )
)  # fmt: skip
SKU = re.compile(
    r"(?i)^\W*(?:sku|артикул(?: товара| продавца)?|арт|код товара|номер товара|(?:\w+ )?item (?:no|number|#|id|code)|art(?:ikel|icle)?[\s.-]*(?:nr|no|nummer|number|num|#)|"
    r"product (?:no|number|code|id|sku)|stock (?:no|code|#)|cat(?:alog(?:ue)?)?\.? (?:no|number|#)|bestell-?(?:nr|nummer)|bestelnummer|artikelnummer|produktnummer|"
    r"codice (?:prodotto|articolo)|cod\. art|código del producto|kod produktu|indeks|nr (?:art|kat)|kód (?:tovaru|produktu|zboží)|katalogové číslo|"
    r"šifra(?: artikla| izdelka)?|cikkszám|ürün kodu|stok kodu|asin|dpci|tcin|id (?:anuncio|товара|объявления)|ad id|anzeigen-?(?:nr|id|nummer)|listing id|"
    r"internet ?#|상품(?:번호|코드)|商品(?:番号|コード|编号|編號)|מק[\"״]ט|מספר מוצר)\s*(?:\.|:|#|№)*\s*$"
)
WEAK_SKU = re.compile(
    r"(?i)^\W*(?:item|réf(?:érence)?(?: produit)?|ref(?:erence|erencia|\. no)?|code|код|cod(?:ice)?|código|kod|kód|symbol|číslo|produktové číslo|id|style (?:no|number|#|code)?|"
    r"model (?:no|number)|артикул производителя|品番)\s*(?:\.|:|#|№)*\s*$"
)
GTIN = re.compile(
    r"(?i)^\W*(?:ean(?:[-\s]?(?:13|8|code|nummer|kod|kód|no\.?|number))?|gtin(?:[-\s]?\d{1,2})?|upc(?:[-\s]?(?:code|a))?|isbn(?:[-\s]?1[03])?|bar ?code|"
    r"штрих-?код|code[- ]barres?|codice a barre|código de barras|čiarový kód|čárový kód|kod kreskowy|strichcode|jan(?:コード)?|ean/isbn|isbn/ean|asin/ean|gencode?)\s*(?:\.|:|#|№)*\s*$"
)
MPN = re.compile(
    r"(?i)^\W*(?:mpn|manufacturer(?:'s)? (?:part )?(?:no|number|ref(?:erence)?)|part (?:no|number|#)|hersteller-?(?:nr|nummer|artikelnummer)|model(?: no| number| name)?|modell?(?:nummer)?|модель|"
    r"код производителя|артикул производителя|part-?nr|p/n|référence fabricant|modelo|modello)\s*(?:\.|:|#|№)*\s*$"
)
BRAND = re.compile(
    r"(?i)^\W*(?:brand(?: name)?|бренд|торговая марка|марка|производитель|изготовитель|виробник|manufacturer|make|maker|designer|publisher|marke|hersteller|marque|fabricant|"
    r"marca|fabricante|produttore|merk|fabrikant|marka|producent|značka|výrobc[ea]|proizvajalec|blagovna znamka|proizvođač|gyártó|märke|merke|mærke|tillverkare|"
    r"valmistaja|üretici|produc[aă]tor|ブランド(?:名)?|メーカー|品牌|제조사|브랜드|מותג|יצרן)\s*(?::|#)*\s*$"
)
BRAND_PREFIX = re.compile(r"(?i)^(?:visit the |visita lo store di |visiter la boutique |visita la tienda de |besuche den |bezoek de |перейти в магазин |by |more from |shop all |voir plus de |marque\s*:\s*|marca\s*:\s*|brand\s*:\s*|marke\s*:\s*|бренд\s*:\s*|par |da |von |от )")
BRAND_SUFFIX = re.compile(r"(?i)(?:\s+|-)(?:store|shop|brand store|-winkel)$")
NO_BRAND = re.compile(r"(?i)brands?\b|бренды|[:?…]$|^\d+[/.:]|\(.\)$|^(?:no|нет|none|n/a|-|unbranded|other|see|learn|shop|all|more|click|перейти|все)\b")
OLD_NAME = re.compile(
    r"(?i)old|was(?![a-z])|regular|list-?price|rrp|msrp|uvp|strike|cross|before|previous|barr|anterior|ancien|statt|original|retail|compare|discount-?from|line-?through|full-?price|catalog|listino|vecchio|dashed|thin"
)
BAD_NAME = re.compile(
    r"(?i)ship|deliver|unit|per-|saving|save|you-?save|discount(?!ed)|instal|month|financ|credit|cart|basket|minicart|total|filter|range|facet|tax|vat|"
    r"coupon|bonus|cashback|points|loyal|alert|guarantee|match|histor|label|desc|tooltip|popup|modal|subscribe|warrant|insur|threshold|free|versand|gift|addon|add-on|swatch"
)
AWAY_NAME = re.compile(
    r"(?i)relat|similar|recommend|recent|upsell|up-sell|cross-?sell|also|carousel|slider|swiper|slick|owl-|bundle|together|accessor|complement|footer|nav(?![a-z]*igator)|header|menu|"
    r"cart|basket|sidebar|aside|suggest|viewed|bestsell|best-?sell|popular|sponsor|advert|crosssell|product-?(?:list|grid|card|tile|item|teaser)|products-|-products|item-?list|grid-?item|other-?product|compare|comparison|wishlist|review|podobn|sims|p13n|tile"
)
GOOD_NAME = re.compile(
    r"(?i)current|final|actual|special|sale(?!s)|now(?![a-z])|our-?price|main|product-?price|price-?(?:main|box|block|value|amount|current|new|now|final|wrapper)|buy|offer|detail|new(?:-|_)?price|pdp|price-?inside|"
    r"(?:^|[-_ ])price$|prcissum|mainprice|item-?price|deal"
)
VARIANT_NAME = re.compile(r"(?i)swatch|varia|option|size|color|colour|notif|alert|popup|modal|tooltip|store|pickup|delivery|image|img|filter|unavailable-|exp$|related|label-hidden")
OLD_TEXT = re.compile(
    r"(?i)(?:\bwas|rrp|msrp|list price|regular price|old price|before|retail|instead of|compare at|statt|uvp|früher|vorher|avant|au lieu de|prix conseillé|antes|prezzo di listino|invece di|"
    r"prima|cena katalogowa|původně|pôvodná cena|běžná cena|старая цена|было|без скидки|вместо|прежняя цена)[\s:.]*$"
)
BAD_TEXT = re.compile(
    r"(?i)shipping|delivery|postage|versand|livraison|frais de port|envío|spedizione|dostaw|doprav|dostava|доставк|you save|saving|save|sparen|ersparnis|économisez|ahorra|risparmi|скидка|экономия|"
    r"per month|/ ?mo\b|monat|/ ?мес|в месяц|mensual|/ ?mois|installment|rate\b|from just|over|ab einem|dès|ab \d|orders|заказ(?:е|ах|а)? от|минимальн|cashback|кешб[эе]к|бонус|points|coupon|voucher|/ ?(?:kg|100 ?g|l|m²|кг|л|м²)\b|"
    r"brez ddv|ohne mwst|excl|netto|без ндс|bez vat|exkl"
)
